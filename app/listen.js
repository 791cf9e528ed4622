// One trial of a listening test: sounds behind letters, which play one at a time, and an answer. Nothing is drawn of a
// sound, which would tell it. A scene goes on where the other one stood, a short sound begins anew.
const STYLE = `
.trial { display: grid; gap: 1rem; max-width: 46rem; }
.trial .row { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
.trial button { font: inherit; color: inherit; min-height: 2.75rem; min-width: 3.5rem; padding: 0.4rem 1rem; cursor: pointer; touch-action: manipulation;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); background: var(--st-secondary-background-color); }
.trial button.sounds { border-color: var(--st-primary-color); box-shadow: inset 0 0 0 1px var(--st-primary-color); }
.trial button:disabled { opacity: 0.5; cursor: default; }
.trial button:focus-visible, .trial input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.trial label { flex: 1 1 12rem; display: flex; gap: 0.6rem; align-items: center; }
.trial input { flex: 1; min-width: 7rem; accent-color: var(--st-primary-color); height: 2rem; }
.trial output { min-width: 2.2em; text-align: right; font-variant-numeric: tabular-nums; }
.trial p { margin: 0; }
`;
const SHORT = 2.5, FADE = 0.008;
const kept = new WeakMap();

function element(name, looks = {}, ...inside) {
  const made = Object.assign(document.createElement(name), looks);
  made.append(...inside);
  return made;
}

function made(parentElement) {
  const place = element("div", { className: "trial" });
  parentElement.replaceChildren(element("style", { textContent: STYLE }), place);
  const s = { place, data: {}, audio: null, voice: null, buffers: new Map(), heard: new Set(), tell: () => {} };
  s.pressed = (event) => pressed(s, event);
  document.addEventListener("keydown", s.pressed);
  return s;
}

function pressed(s, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const target = event.composedPath()[0];
  if (target instanceof Element && target.closest("input:not([type=range]), textarea, select, [contenteditable], [role=combobox], [role=dialog]")) return;
  const at = s.data.sounds?.findIndex((sound) => sound.label[0] === event.key.toUpperCase()) ?? -1;
  const button = target instanceof Element && target.closest("button");
  if (at >= 0) play(s, at);
  else if (event.key === "Escape") stop(s);
  else if (event.key === "Enter" && !button) s.place.querySelector(".next")?.click();
  else if (["ArrowLeft", "ArrowRight"].includes(event.key) && !(target instanceof HTMLInputElement))
    s.place.querySelectorAll(".choose")[event.key === "ArrowLeft" ? 0 : 1]?.click();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// -- sound --------------------------------------------------------------------------------------------------------

async function buffer(s, at) {
  const { wav } = s.data.sounds[at];
  if (!s.buffers.has(wav)) {
    const bytes = Uint8Array.from(atob(wav), (c) => c.charCodeAt(0));
    s.buffers.set(wav, await s.audio.decodeAudioData(bytes.buffer));
  }
  return s.buffers.get(wav);
}

async function play(s, at) {
  s.audio ??= new AudioContext();
  if (s.audio.state === "suspended") await s.audio.resume();
  const found = await buffer(s, at), now = s.audio.currentTime;
  const stood = s.voice && found.duration > SHORT && s.voice.at !== at ? (now - s.voice.since) % found.duration : 0;
  stop(s);
  const gain = new GainNode(s.audio, { gain: stood ? 0 : 1 }), source = new AudioBufferSourceNode(s.audio, { buffer: found });
  source.connect(gain).connect(s.audio.destination);
  if (stood) gain.gain.linearRampToValueAtTime(1, now + FADE);
  source.start(now, stood);
  const voice = (s.voice = { at, source, gain, since: now - stood });
  source.onended = () => {
    if (s.voice === voice) s.voice = null;
    lit(s);
  };
  s.heard.add(at);
  lit(s);
}

function stop(s) {
  if (!s.voice) return;
  const now = s.audio.currentTime;
  s.voice.gain.gain.setTargetAtTime(0, now, FADE / 3);
  s.voice.source.stop(now + 2 * FADE);
  s.voice = null;
  lit(s);
}

// -- what is shown ------------------------------------------------------------------------------------------------

/** Marks what sounds; what was not heard cannot be judged. */
function lit(s) {
  s.place.querySelectorAll(".play").forEach((button) => button.classList.toggle("sounds", Number(button.dataset.at) === s.voice?.at));
  const all = s.heard.size >= s.data.sounds.length;
  s.place.querySelectorAll(".choose, .next").forEach((button) => (button.disabled = !all));
  s.place.dataset.heard = s.heard.size;
}

function playing(s, at) {
  const button = element("button", { type: "button", className: "play", textContent: s.data.sounds[at].label, onclick: () => play(s, at) });
  button.dataset.at = at;
  button.setAttribute("aria-label", `${s.data.sounds[at].label}: play`);
  return button;
}

const row = (...inside) => element("div", { className: "row" }, ...inside);
const answer = (s, given) => {
  stop(s);
  s.tell("given", { trial: s.data.trial, given });
};

function draw(s) {
  s.heard = new Set();
  s.buffers.clear();
  const { sounds, choices, hint } = s.data, all = sounds.map((_, at) => at);
  const parts = [element("p", { textContent: hint })];
  if (choices.length) {
    parts.push(row(...all.map((at) => playing(s, at))));
    parts.push(row(...choices.map((name, i) => element("button", { type: "button", className: "choose", textContent: name, onclick: () => answer(s, i) }))));
  } else {
    const rated = all.filter((at) => sounds[at].rated);
    parts.push(...all.filter((at) => !sounds[at].rated).map((at) => row(playing(s, at))), ...rated.map((at) => rating(s, at)));
    const values = () => [...s.place.querySelectorAll("input")].map((input) => Number(input.value));
    parts.push(row(element("button", { type: "button", className: "next", textContent: "Next", onclick: () => answer(s, values()) })));
  }
  s.place.replaceChildren(...parts);
  s.place.dataset.trial = s.data.trial;
  lit(s);
}

function rating(s, at) {
  const value = element("output", { textContent: "50" });
  const input = element("input", { type: "range", min: 0, max: 100, step: 1, value: 50, oninput: () => (value.textContent = input.value) });
  input.setAttribute("aria-label", `Rating of ${s.data.sounds[at].label}, 0 bad to 100 excellent`);
  return row(playing(s, at), element("label", {}, "bad", input, "excellent", value));
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!kept.has(parentElement)) kept.set(parentElement, made(parentElement));
  const s = kept.get(parentElement);
  s.tell = setTriggerValue;
  if (data.trial !== s.data.trial || data.test !== s.data.test) {
    stop(s);
    s.data = data;
    draw(s);
  }
  return () => {
    document.removeEventListener("keydown", s.pressed);
    s.audio?.close();
    kept.delete(parentElement);
  };
}
