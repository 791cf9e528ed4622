// The map of a model: points in the plane that sound. Drag travels, a lasso makes a morph, wheel and fingers zoom.
// Points are painted as pixels, which is quicker than any path: 5,000 in a millisecond. What moves lies on a second canvas.
const STYLE = `
.map { display: grid; gap: 0.5rem; font-size: 0.9rem; }
.map .plane { position: relative; height: min(66vh, 620px, 90vw); border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  overflow: hidden; background: var(--st-secondary-background-color); }
.map canvas { position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; display: block; }
.map canvas:last-of-type { cursor: crosshair; }
.map canvas:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
.map .tools { display: flex; flex-wrap: wrap; gap: 0.3rem; }
.map button { font: inherit; color: inherit; min-height: 2.2rem; padding: 0.2rem 0.7rem; cursor: pointer; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); background: var(--st-background-color); }
.map button[aria-pressed=true] { border-color: var(--st-primary-color); box-shadow: inset 0 0 0 1px var(--st-primary-color); }
.map button:focus-visible { outline: 2px solid var(--st-primary-color); }
.map .told { min-height: 2.6em; margin: 0; line-height: 1.3; overflow-wrap: anywhere; }
.map ul { display: flex; flex-wrap: wrap; gap: 0.15rem 0.8rem; list-style: none; margin: 0; padding: 0; }
.map i { display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.35em; border-radius: 50%; }
`;
const MODES = [["travel", "Travel", "T"], ["lasso", "Lasso", "L"], ["pan", "Move the map", "P"]];
const ASKERS = 2; // questions at once: the server is at the next while an answer is on its way
const STEP = 0.02, NEAR = 8, MOST = 400, CLOSEST = 40, FADE = 0.03;
const SHADES = Array.from({ length: 16 }, (_, i) => [40 + 13 * i, 60 + 11 * Math.min(i, 12), 190 - 9 * i]);
const kept = new WeakMap();
const charts = new Map();

function chart(model, stamp) {
  const key = `${model} ${stamp}`;
  if (!charts.has(key)) {
    const asked = fetch(new URL(`chart?model=${encodeURIComponent(model)}`, document.baseURI)).then(async (answer) => {
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.error);
      return told;
    });
    asked.catch(() => charts.delete(key));
    charts.set(key, asked);
  }
  return charts.get(key);
}

// -- what it is built of ------------------------------------------------------------------------------------------

function element(name, looks = {}, ...inside) {
  const made = Object.assign(document.createElement(name), looks);
  made.append(...inside);
  return made;
}

function made(parentElement) {
  const points = element("canvas"), marks = element("canvas", { tabIndex: 0 });
  marks.setAttribute("role", "application");
  marks.setAttribute("aria-label", "Map. Arrows move and sound, Enter takes the sound, M marks corners of a morph, + - 0 zoom");
  const plane = element("div", { className: "plane" }, points, marks);
  const told = element("p", { className: "told" });
  told.setAttribute("aria-live", "polite");
  const tools = element("div", { className: "tools" }), legend = element("ul");
  legend.setAttribute("aria-label", "Colours");
  const place = element("div", { className: "map" }, tools, plane, told, legend);
  parentElement.replaceChildren(element("style", { textContent: STYLE }), place);
  const s = { place, plane, points, marks, told, tools, legend, data: {}, chart: null, mode: "travel", at: [0, 0], view: { x: 0, y: 0, zoom: 1 },
    size: [1, 1], asking: 0, asked: 0, played: 0, line: [], corners: [], fingers: new Map(), hover: -1, frames: 0, tell: () => {} };
  for (const [mode, name, key] of MODES) {
    const button = element("button", { type: "button", textContent: name, title: `${name} (${key})`, onclick: () => turn(s, mode) });
    button.dataset.mode = mode;
    tools.append(button);
  }
  const zooms = [["+", "Zoom in", 1.5], ["−", "Zoom out", 1 / 1.5], ["All", "All of the map (0)", 0]];
  for (const [sign, name, by] of zooms) {
    const button = element("button", { type: "button", textContent: sign, title: name, onclick: () => zoom(s, by, null) });
    button.setAttribute("aria-label", name);
    tools.append(button);
  }
  turn(s, "travel");
  marks.onpointerdown = (event) => down(s, event);
  marks.onpointermove = (event) => move(s, event);
  marks.onpointerup = marks.onpointercancel = (event) => up(s, event);
  marks.onpointerleave = () => hover(s, -1);
  marks.onkeydown = (event) => pressed(s, event);
  marks.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(s, Math.exp(-0.0016 * event.deltaY), local(s, event));
  }, { passive: false });
  s.sized = new ResizeObserver(() => {
    s.size = [plane.clientWidth, plane.clientHeight];
    later(s, true);
  });
  s.sized.observe(plane);
  return s;
}

function turn(s, mode) {
  s.mode = mode;
  for (const button of s.tools.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
}

// -- where things are ---------------------------------------------------------------------------------------------

const size = (s) => s.size; // kept: to ask the page for it at each point would take longer than to paint all
const scale = (s) => (Math.min(...size(s)) / 2.1) * s.view.zoom;
const local = (s, event) => {
  const box = s.plane.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
const toScreen = (s, [x, y]) => {
  const [w, h] = size(s), k = scale(s);
  return [w / 2 + (x - s.view.x) * k, h / 2 - (y - s.view.y) * k];
};
const bounded = (x) => Math.min(Math.max(x, -1), 1);
const toPlane = (s, [px, py]) => {
  const [w, h] = size(s), k = scale(s);
  return [bounded(s.view.x + (px - w / 2) / k), bounded(s.view.y - (py - h / 2) / k)];
};

function nearest(s, [px, py], within) {
  let found = -1, best = within * within;
  for (let i = 0; i < (s.chart?.points.length ?? 0); i++) {
    const [x, y] = toScreen(s, s.chart.points[i]);
    const d = (x - px) ** 2 + (y - py) ** 2;
    if (d < best) [best, found] = [d, i];
  }
  return found;
}

function zoom(s, by, around) {
  const [w, h] = size(s), at = around ?? [w / 2, h / 2], before = scale(s);
  const fixed = [s.view.x + (at[0] - w / 2) / before, s.view.y - (at[1] - h / 2) / before];
  if (!by) s.view = { x: 0, y: 0, zoom: 1 };
  else {
    s.view.zoom = Math.min(Math.max(s.view.zoom * by, 1), CLOSEST);
    const k = scale(s);
    s.view.x = bounded(fixed[0] - (at[0] - w / 2) / k);
    s.view.y = bounded(fixed[1] + (at[1] - h / 2) / k);
  }
  later(s, true);
}

function pan(s, dx, dy) {
  const k = scale(s);
  s.view.x = bounded(s.view.x - dx / k);
  s.view.y = bounded(s.view.y + dy / k);
  later(s, true);
}

// -- hands --------------------------------------------------------------------------------------------------------

function down(s, event) {
  if (event.button > 0) return;
  s.marks.setPointerCapture(event.pointerId);
  const at = local(s, event);
  s.fingers.set(event.pointerId, at);
  s.begun = at;
  s.pinched ||= s.fingers.size > 1;
  s.line = [];
  if (s.fingers.size > 1 || s.mode === "pan") return;
  s.line = [toPlane(s, at)];
  if (s.mode === "travel") go(s, s.line[0]);
}

function move(s, event) {
  const at = local(s, event), was = s.fingers.get(event.pointerId);
  if (!was) return hover(s, nearest(s, at, NEAR));
  const others = [...s.fingers].filter(([id]) => id !== event.pointerId).map(([, where]) => where);
  s.fingers.set(event.pointerId, at);
  if (others.length) {
    const apart = (a) => Math.hypot(a[0] - others[0][0], a[1] - others[0][1]);
    pan(s, (at[0] - was[0]) / 2, (at[1] - was[1]) / 2);
    zoom(s, apart(at) / Math.max(apart(was), 1), [(at[0] + others[0][0]) / 2, (at[1] + others[0][1]) / 2]);
  } else if (s.mode === "pan") pan(s, at[0] - was[0], at[1] - was[1]);
  else if (s.line.length) {
    if (s.line.length < MOST) s.line.push(toPlane(s, at));
    else s.line[MOST - 1] = toPlane(s, at);
    if (s.mode === "travel") go(s, toPlane(s, at));
    later(s);
  }
}

function up(s, event) {
  const at = local(s, event), moved = Math.hypot(at[0] - s.begun?.[0], at[1] - s.begun?.[1]) > NEAR || s.line.length > 12;
  const known = s.fingers.delete(event.pointerId);
  const done = known && !s.pinched && s.line.length > 0 && event.type === "pointerup";
  if (!s.fingers.size) s.pinched = false;
  if (done && s.mode === "lasso") {
    if (moved) s.tell("did", { kind: "lasso", line: s.line });
  } else if (done) {
    const point = moved ? -1 : nearest(s, at, NEAR);
    if (moved) s.tell("did", { kind: "line", line: s.line });
    else if (point >= 0) pick(s, point);
    else s.tell("did", { kind: "place", line: s.line.slice(-1) });
  }
  if (!(done && moved)) s.line = [];
  later(s);
}

function pick(s, point) {
  s.at = s.chart.points[point];
  s.tell("did", { kind: "point", point });
}

function pressed(s, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  const mode = MODES.find(([, , key]) => key === event.key.toUpperCase());
  if (steps) {
    const by = (event.shiftKey ? 5 : 1) * STEP / s.view.zoom;
    go(s, [bounded(s.at[0] + by * steps[0]), bounded(s.at[1] + by * steps[1])]);
    hover(s, nearest(s, toScreen(s, s.at), 2 * NEAR));
  } else if (event.key === "Enter" || event.key === " ") s.tell("did", { kind: "place", line: [s.at] });
  else if (event.key.toUpperCase() === "M") corner(s);
  else if (mode) turn(s, mode[0]);
  else if (event.key === "+" || event.key === "=") zoom(s, 1.5, toScreen(s, s.at));
  else if (event.key === "-") zoom(s, 1 / 1.5, toScreen(s, s.at));
  else if (event.key === "0") zoom(s, 0);
  else if (event.key === "Escape") s.corners = s.line = [];
  else return;
  event.preventDefault();
  event.stopPropagation();
  later(s);
}

/** Four marks are the corners of a morph. */
function corner(s) {
  s.corners = [...s.corners, s.at];
  s.told.textContent = `Corner ${s.corners.length} of 4`;
  if (s.corners.length < 4) return;
  s.tell("did", { kind: "corners", line: s.corners });
  s.corners = [];
}

// -- sound --------------------------------------------------------------------------------------------------------

/** To a place, which is heard: of many that are asked for, the latest. */
function go(s, place) {
  s.at = place;
  s.wanted = place;
  later(s);
  if (s.asking < ASKERS) ask(s);
}

async function ask(s) {
  s.audio ??= new AudioContext();
  s.asking++;
  while (s.wanted) {
    const [x, y] = s.wanted, number = ++s.asked;
    s.wanted = null;
    try {
      const body = JSON.stringify({ model: s.data.model, x, y, format: "frame", draft: true });
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(new URL("place", document.baseURI), { method: "POST", headers, body });
      if (!answer.ok) throw new Error((await answer.json()).error);
      if (s.audio.state === "suspended") await s.audio.resume();
      const sound = decoded(s.audio, new DataView(await answer.arrayBuffer()));
      if (number < s.played) continue; // a later place was heard before
      s.played = number;
      play(s, sound);
    } catch (error) {
      s.told.textContent = error.message;
    }
  }
  s.asking--;
}

/** The samples of a frame (app/server/frames.py). */
function decoded(audio, view) {
  const [begin, rate, samples, channels] = [view.getUint16(6, true), view.getUint32(12, true), view.getUint32(16, true), view.getUint16(20, true)];
  const found = audio.createBuffer(channels, samples, rate);
  for (let c = 0; c < channels; c++) {
    const into = found.getChannelData(c);
    for (let i = 0; i < samples; i++) into[i] = view.getInt16(begin + 2 * (i * channels + c), true) / 32767;
  }
  return found;
}

/** What sounds fades out as the next one comes; a scene goes on where the other stood. */
function play(s, buffer) {
  const now = s.audio.currentTime, gain = new GainNode(s.audio, { gain: 0 }), source = new AudioBufferSourceNode(s.audio, { buffer });
  const stood = s.voice && !s.voice.ended && !s.data.oneShot ? (now - s.voice.since) % buffer.duration : 0;
  if (s.voice) {
    s.voice.gain.gain.setTargetAtTime(0, now, FADE / 3);
    s.voice.source.stop(now + 2 * FADE);
  }
  source.connect(gain).connect(s.audio.destination);
  gain.gain.linearRampToValueAtTime(1, now + (stood ? FADE : 0.002));
  source.start(now, stood);
  const voice = { source, gain, since: now - stood, ended: false };
  source.onended = () => (voice.ended = true);
  s.voice = voice;
  s.place.dataset.heard = Number(s.place.dataset.heard ?? 0) + 1;
}

// -- pictures -----------------------------------------------------------------------------------------------------

function later(s, all = false) {
  s.stale ||= all;
  s.drawing ??= requestAnimationFrame(() => {
    s.drawing = null;
    if (s.stale) paint(s);
    s.stale = false;
    mark(s);
    s.place.dataset.frames = ++s.frames;
    s.place.dataset.zoom = s.view.zoom.toFixed(2);
  });
}

function fit(s, canvas) {
  const [w, h] = size(s), dpr = Math.min(window.devicePixelRatio || 1, 2);
  if (canvas.width !== Math.round(w * dpr) || canvas.height !== Math.round(h * dpr)) {
    canvas.width = Math.round(w * dpr);
    canvas.height = Math.round(h * dpr);
  }
  return dpr;
}

/** Red, green and blue of each category: golden steps around the wheel, so that neighbours on the list differ. */
function hue(i) {
  const h = (i * 137.508) % 360, light = 0.56 + 0.1 * (i % 3 - 1), a = 0.62 * Math.min(light, 1 - light);
  const f = (n) => Math.round(255 * (light - a * Math.max(-1, Math.min((n + h / 30) % 12 - 3, 9 - (n + h / 30) % 12, 1))));
  return [f(0), f(8), f(4)];
}

function colours(s) {
  const row = s.chart.descriptors.indexOf(s.data.colour);
  if (row < 0) {
    const hues = s.data.categories.map((_, i) => hue(i));
    return s.chart.categories.map((c) => hues[c]);
  }
  const values = s.chart.measured[row], sorted = [...values].sort((a, b) => a - b);
  s.ends = [sorted[Math.floor(0.02 * values.length)], sorted[Math.floor(0.98 * values.length)]];
  const span = Math.max(s.ends[1] - s.ends[0], 1e-9);
  return values.map((v) => SHADES[Math.min(Math.max(Math.floor((16 * (v - s.ends[0])) / span), 0), 15)]);
}

function paint(s) {
  const dpr = fit(s, s.points), { width, height } = s.points;
  if (!s.chart || !width || !height) return;
  const context = s.points.getContext("2d", { willReadFrequently: true }); // its pixels are written by us alone
  if (s.pixels?.width !== width || s.pixels?.height !== height) s.pixels = context.createImageData(width, height);
  const words = new Uint32Array(s.pixels.data.buffer);
  words.fill(0);
  const grown = Math.min(Math.sqrt(s.view.zoom), 2.5);
  const discs = [2.9, 1.9].map((radius) => disc(radius * grown * dpr, width));
  const k = scale(s) * dpr, left = width / 2 - s.view.x * k, top = height / 2 + s.view.y * k;
  for (let i = 0; i < s.chart.points.length; i++) {
    const x = Math.round(left + k * s.chart.points[i][0]), y = Math.round(top - k * s.chart.points[i][1]);
    const { reach, offsets } = discs[i < s.chart.clips ? 0 : 1];
    if (x < reach || y < reach || x >= width - reach || y >= height - reach) continue;
    const at = y * width + x, word = s.words[i];
    for (const offset of offsets) words[at + offset] = word;
  }
  context.putImageData(s.pixels, 0, 0);
}

/** Steps from a disc's middle to its pixels, in rows of so many. */
function disc(radius, width) {
  const reach = Math.ceil(radius), offsets = [];
  for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) if (x * x + y * y <= radius * radius) offsets.push(y * width + x);
  return { reach, offsets };
}

function coloured(s) {
  s.words = Uint32Array.from(colours(s), ([r, g, b], i) => ((i < s.chart.clips ? 255 : 190) << 24) | (b << 16) | (g << 8) | r);
  const entries = s.chart.descriptors.includes(s.data.colour)
    ? [0, 5, 10, 15].map((i) => [SHADES[i], (s.ends[0] + (i / 15) * (s.ends[1] - s.ends[0])).toFixed(1)])
    : s.data.categories.map((name, i) => [hue(i), name]);
  s.legend.replaceChildren(...entries.map(([rgb, name]) => {
    const dot = element("i");
    dot.style.background = `rgb(${rgb})`;
    return element("li", {}, dot, name);
  }), element("li", {}, "large: training clips · small: drawn"));
}

function mark(s) {
  const dpr = fit(s, s.marks), context = s.marks.getContext("2d"), { ink, accent } = s;
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.clearRect(0, 0, ...size(s));
  context.lineWidth = 2;
  for (const [x, y] of s.data.kept ?? []) ring(context, toScreen(s, [x, y]), 7, accent, ink);
  if (s.line.length > 1) {
    context.strokeStyle = accent;
    context.beginPath();
    s.line.forEach((at, i) => context[i ? "lineTo" : "moveTo"](...toScreen(s, at)));
    if (s.mode === "lasso") context.closePath();
    context.stroke();
  }
  for (const at of s.corners) ring(context, toScreen(s, at), 5, ink, ink);
  if (s.hover >= 0) ring(context, toScreen(s, s.chart.points[s.hover]), 8, null, ink);
  const [x, y] = toScreen(s, s.at);
  context.strokeStyle = ink;
  context.beginPath();
  for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(x + 6 * a, y + 6 * b);
    context.lineTo(x + 16 * a, y + 16 * b);
  }
  context.stroke();
  ring(context, [x, y], 10, null, ink);
}

function ring(context, [x, y], radius, fill, stroke) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  if (fill) (context.fillStyle = fill), context.fill();
  context.strokeStyle = stroke;
  context.stroke();
}

/** Says what lies under the pointer. */
function hover(s, point) {
  if (point === s.hover) return;
  s.hover = point;
  if (point >= 0) {
    const { categories, credits, credited, clips, descriptors, measured } = s.chart, row = descriptors.indexOf(s.data.colour);
    const [author, licence, url] = point < clips ? credits[credited[point]] : [];
    const credit = point < clips ? `training clip by ${author || "unknown"}, ${licence}${url ? `, ${url}` : ""}` : "drawn";
    const value = row < 0 ? "" : ` · ${s.data.colour} ${measured[row][point].toFixed(1)}`;
    s.told.textContent = `${s.data.categories[categories[point]]} · ${credit}${value}`;
  }
  later(s);
}

async function show(s, data) {
  const before = s.data, looks = getComputedStyle(s.place);
  s.data = data;
  s.ink = looks.color;
  s.accent = looks.getPropertyValue("--st-primary-color") || s.ink;
  if (data.at && String(data.at) !== String(before.at)) s.at = data.at;
  if (data.model !== before.model || data.stamp !== before.stamp) {
    s.chart = null;
    s.view = { x: 0, y: 0, zoom: 1 };
    s.line = s.corners = [];
    s.hover = -1;
    try {
      const found = await chart(data.model, data.stamp);
      if (s.data.model !== data.model) return;
      s.chart = found;
    } catch (error) {
      s.told.textContent = error.message;
      return;
    }
  }
  if (!s.chart) return;
  coloured(s);
  s.place.dataset.points = s.chart.points.length;
  later(s, true);
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!kept.has(parentElement)) kept.set(parentElement, made(parentElement));
  const s = kept.get(parentElement);
  s.tell = setTriggerValue;
  show(s, data);
  return () => {
    s.sized.disconnect();
    s.audio?.close();
    kept.delete(parentElement);
  };
}
