// Sixteen pads that play by click, touch and key, choke each other, and can be dragged to another place.
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "q", "w", "e", "r", "t", "y", "u", "i"];
const STYLE = `
.pads { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 0.5rem; }
.pads button { font: inherit; font-size: 0.9rem; color: inherit; text-align: left; cursor: pointer; min-height: 5.2rem; padding: 0.5rem 0.6rem;
  display: flex; flex-direction: column; justify-content: space-between; overflow: hidden; touch-action: manipulation;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); background: var(--st-secondary-background-color); }
.pads button.chosen { border-color: var(--st-primary-color); box-shadow: inset 0 0 0 1px var(--st-primary-color); }
.pads button.struck { background: color-mix(in srgb, var(--st-primary-color) 35%, var(--st-secondary-background-color)); }
.pads button.empty { opacity: 0.55; border-style: dashed; }
.pads button.over { outline: 2px dashed var(--st-primary-color); }
.pads button:focus-visible { outline: 2px solid var(--st-primary-color); }
.pads span { overflow-wrap: anywhere; line-height: 1.2; }
.pads small { opacity: 0.75; }
@media (max-width: 480px) { .pads { gap: 0.35rem; } .pads button { padding: 0.4rem; font-size: 0.75rem; min-height: 4.6rem; } }
`;
const kept = new WeakMap();

function made(parentElement, tell) {
  const place = document.createElement("div");
  place.className = "pads";
  const style = document.createElement("style");
  style.textContent = STYLE;
  parentElement.replaceChildren(style, place);
  const state = { place, tell, context: null, sounds: new Map(), sounding: new Map(), pads: [] };
  state.pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = event.composedPath()[0];
    if (target instanceof Element && target.closest("input, textarea, select, [contenteditable], [role=combobox], [role=dialog]")) return;
    const i = KEYS.indexOf(event.key.toLowerCase());
    if (i >= 0) strike(state, i);
  };
  document.addEventListener("keydown", state.pressed);
  return state;
}

/** Plays a pad from its beginning; what sounds in its choke group, itself among it, falls silent in 5 ms. */
async function strike(state, i) {
  const pad = state.pads[i];
  if (!pad?.wav) return;
  state.context ??= new AudioContext();
  if (state.context.state === "suspended") await state.context.resume();
  let sound = state.sounds.get(pad.wav);
  if (!sound) {
    const bytes = Uint8Array.from(atob(pad.wav), (c) => c.charCodeAt(0));
    sound = await state.context.decodeAudioData(bytes.buffer);
    state.sounds.set(pad.wav, sound);
  }
  if (pad.choke) for (const voice of state.sounding.get(pad.choke) ?? []) hush(state.context, voice);
  const source = new AudioBufferSourceNode(state.context, { buffer: sound });
  const gain = new GainNode(state.context);
  source.connect(gain).connect(state.context.destination);
  source.start();
  if (pad.choke) state.sounding.set(pad.choke, [{ source, gain }]);
  const button = state.place.children[i];
  button.classList.add("struck");
  button.dataset.struck = Number(button.dataset.struck ?? 0) + 1;
  source.onended = () => button.classList.remove("struck");
}

function hush(context, { source, gain }) {
  gain.gain.setTargetAtTime(0, context.currentTime, 0.002);
  source.stop(context.currentTime + 0.02);
}

function draw(state, { pads, chosen }) {
  state.pads = pads;
  const wanted = new Set(pads.map((pad) => pad.wav));
  for (const wav of state.sounds.keys()) if (!wanted.has(wav)) state.sounds.delete(wav);
  while (state.place.children.length < pads.length) state.place.append(button(state, state.place.children.length));
  pads.forEach((pad, i) => {
    const at = state.place.children[i];
    at.classList.toggle("chosen", i === chosen);
    at.classList.toggle("empty", !pad.wav);
    at.setAttribute("aria-pressed", String(i === chosen));
    at.setAttribute("aria-label", `Pad ${i + 1}: ${pad.label}`);
    at.querySelector("span").textContent = pad.label;
    at.querySelector("small").textContent = [KEYS[i].toUpperCase(), pad.told].filter(Boolean).join(" · ");
  });
}

function button(state, i) {
  const at = document.createElement("button");
  at.type = "button";
  at.draggable = true;
  at.append(document.createElement("span"), document.createElement("small"));
  at.addEventListener("click", () => {
    strike(state, i);
    state.tell("chosen", i);
  });
  at.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/x-pad", String(i)));
  at.addEventListener("dragover", (event) => {
    event.preventDefault();
    at.classList.add("over");
  });
  at.addEventListener("dragleave", () => at.classList.remove("over"));
  at.addEventListener("drop", (event) => {
    event.preventDefault();
    at.classList.remove("over");
    const from = event.dataTransfer.getData("text/x-pad");
    if (from !== "" && Number(from) !== i) state.tell("moved", [Number(from), i]);
  });
  return at;
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!kept.has(parentElement)) kept.set(parentElement, made(parentElement, setTriggerValue));
  const state = kept.get(parentElement);
  state.tell = setTriggerValue;
  draw(state, data);
  return () => {
    document.removeEventListener("keydown", state.pressed);
    state.context?.close();
    kept.delete(parentElement);
  };
}
