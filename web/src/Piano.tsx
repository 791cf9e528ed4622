// The sound at hand on keys: those of the screen, of the computer, and of MIDI devices, whose knobs learn sliders.

import { useEffect, useMemo, useRef, useState, type PointerEvent } from "react";
import { alone } from "./alone";
import { octavesOf, semitonesOf, VELOCITY } from "./computer";
import { snapped, spelled, valueAt, type Control } from "./controls";
import type { Engine } from "./engine";
import type { Frame } from "./frame";
import { frameOf, type Body } from "./infer";
import { isElsewhere } from "./keys";
import { forgotten, keepKnobs, keptKnobs, learnt } from "./knobs";
import { openMidi, type Gesture } from "./midi";
import type { Moves } from "./Slider";
import { MIDDLE, Takes } from "./takes";
import { Voices, type Take } from "./voices";

interface Props {
  engine: Engine;
  /** The sound at hand, and what it was asked by. */
  frame: Frame;
  body: Body;
  address: string;
  /** Whether it can go on without an end, and so lasts as long as its key is down. */
  goes: boolean;
  controls: Control[];
  moves: Moves;
  /** What went wrong, in one sentence. */
  tell: (sentence: string) => void;
}

const OCTAVES = 2;
const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const HEADROOM = 0.7; // of one note at full velocity
const SOFTEST = 40; // velocity at the upper edge of a key on the screen

export function Piano({ engine, frame, body, address, goes, controls, moves, tell }: Props) {
  const [down, setDown] = useState<ReadonlySet<number>>(new Set());
  const [lowest, setLowest] = useState(MIDDLE - 12);
  const [devices, setDevices] = useState("Looking for MIDI devices …");
  const [knobs, setKnobs] = useState(keptKnobs);
  const [learning, setLearning] = useState<string | null>(null);
  const voices = useMemo(() => {
    engine.hurry(0);
    return new Voices(() => engine.entrance());
  }, []);
  const takes = useMemo(() => new Takes(asked, made, tell), []);
  const now = useRef({ address, lowest, controls, moves, knobs, learning });
  now.current = { address, lowest, controls, moves, knobs, learning };

  function asked(of: Body): Promise<Frame> {
    return frameOf(now.current.address, { body: of, draft: true }, 0);
  }

  function made(of: Frame): Omit<Take, "semitones"> {
    const whole: [number, number] | null = goes ? [0, of.seconds] : null;
    const loop = of.loop ? (of.loop.map((edge) => edge / of.sampleRate) as [number, number]) : whole;
    return { buffer: engine.buffer(of), loop };
  }

  const question = spelled(body);
  useEffect(() => {
    takes.begin({ body, goes, dull: controls.some(({ name }) => name === "sliders.Brightness") }, frame);
  }, [question, frame]);

  const hear = useRef<(gesture: Gesture) => void>(() => {});
  hear.current = (gesture) => {
    if (gesture.kind === "on") press(gesture.note, gesture.velocity);
    else if (gesture.kind === "off") release(gesture.note);
    else if (gesture.kind === "bend") voices.bend(gesture.semitones);
    else if (gesture.kind === "sustain") voices.sustain(gesture.down);
    else if (gesture.kind === "control") turn(gesture.number, gesture.share);
    else silence();
  };

  function press(note: number, velocity: number): void {
    const found = takes.take(note, velocity);
    if (!found) return;
    alone(silence);
    voices.on(note, { ...found.made, semitones: found.semitones }, HEADROOM * (velocity / 127) ** 2);
    setDown((before) => new Set(before).add(note));
  }

  function release(note: number): void {
    voices.off(note);
    setDown((before) => new Set([...before].filter((other) => other !== note)));
  }

  function turn(number: number, share: number): void {
    const { controls, moves, knobs, learning } = now.current;
    if (learning !== null) {
      setKnobs(learnt(knobs, number, learning));
      setLearning(null);
    }
    const control = controls.find(({ name }) => name === (learning ?? knobs[number]));
    if (control) moves.step({ [control.name]: snapped(control, valueAt(control, share)) });
  }

  const silence = useMemo(() => () => {
    voices.silence();
    setDown(new Set());
  }, []);

  useEffect(() => keepKnobs(knobs), [knobs]);

  useEffect(() => {
    let close: (() => void) | null = null;
    let gone = false;
    void openMidi((gesture) => hear.current(gesture), setDevices).then((found) => (gone ? found() : (close = found)));
    const pressed = new Map<string, number>(); // the octave may change while a key is down
    const onKeyDown = (event: KeyboardEvent) => {
      if (isElsewhere(event, event.composedPath()[0] as Element)) return;
      const semitones = semitonesOf(event.code);
      const octaves = octavesOf(event.code);
      if (octaves) setLowest((before) => moved(before, octaves));
      if (octaves || semitones !== null) event.stopPropagation(); // buttons of the page have keys too, such as K
      if (semitones === null || event.repeat) return;
      pressed.set(event.code, now.current.lowest + semitones);
      hear.current({ kind: "on", note: now.current.lowest + semitones, velocity: VELOCITY });
    };
    const onKeyUp = (event: KeyboardEvent) => {
      const note = pressed.get(event.code);
      if (note !== undefined) hear.current({ kind: "off", note });
      pressed.delete(event.code);
    };
    window.addEventListener("keydown", onKeyDown, true);
    window.addEventListener("keyup", onKeyUp, true);
    window.addEventListener("blur", silence);
    return () => {
      gone = true;
      close?.();
      silence();
      engine.hurry("interactive");
      window.removeEventListener("keydown", onKeyDown, true);
      window.removeEventListener("keyup", onKeyUp, true);
      window.removeEventListener("blur", silence);
    };
  }, []);

  const bound = Object.entries(knobs).filter(([, name]) => controls.some((control) => control.name === name));
  const labelOf = (wanted: string) => controls.find(({ name }) => name === wanted)!.label;
  return (
    <section className="piano" aria-label="Keys">
      <Keyboard lowest={lowest} down={down} press={press} release={release} />
      <div className="under">
        <div className="pair" role="group" aria-label="Octave">
          <button aria-label="An octave down" title="An octave down (,)" disabled={lowest === moved(lowest, -1)} onClick={() => setLowest(moved(lowest, -1))}>−</button>
          <span>from {nameOf(lowest)}</span>
          <button aria-label="An octave up" title="An octave up (.)" disabled={lowest === moved(lowest, 1)} onClick={() => setLowest(moved(lowest, 1))}>+</button>
        </div>
        <span className="devices" role="status">{devices}</span>
        <label className="learn">
          <span>{learning === null ? "Learn" : "Turn a knob for"}</span>
          <select aria-label="Slider that learns a knob" value={learning ?? ""} onChange={(event) => setLearning(event.target.value || null)}>
            <option value="">{learning === null ? "a slider …" : "none"}</option>
            {controls.map(({ name, label }) => <option key={name} value={name}>{label}</option>)}
          </select>
        </label>
        {bound.map(([number, name]) => (
          <button key={number} title={`Knob ${number} moves ${labelOf(name)}: click to forget it`} onClick={() => setKnobs(forgotten(knobs, name))}>
            {number}: {labelOf(name)} ×
          </button>
        ))}
      </div>
    </section>
  );
}

interface KeyboardProps {
  lowest: number;
  down: ReadonlySet<number>;
  press: (note: number, velocity: number) => void;
  release: (note: number) => void;
}

/** Keys for pointers, several at once; one that slides plays what it comes across. */
function Keyboard({ lowest, down, press, release }: KeyboardProps) {
  const fingers = useRef(new Map<number, number>());
  const follow = (event: PointerEvent) => {
    const key = keyAt(event);
    const before = fingers.current.get(event.pointerId);
    const note = key ? Number(key.dataset.note) : undefined;
    if (note === before) return;
    if (before !== undefined) release(before);
    if (note === undefined) return void fingers.current.delete(event.pointerId);
    fingers.current.set(event.pointerId, note);
    const box = key!.getBoundingClientRect();
    press(note, Math.round(SOFTEST + (127 - SOFTEST) * Math.min(Math.max((event.clientY - box.top) / box.height, 0), 1)));
  };
  const lift = ({ pointerId }: PointerEvent) => {
    const note = fingers.current.get(pointerId);
    fingers.current.delete(pointerId);
    if (note !== undefined) release(note);
  };
  const notes = Array.from({ length: 12 * OCTAVES + 1 }, (_, i) => lowest + i);
  return (
    <div
      className="keyboard"
      onPointerDown={(event) => event.button === 0 && follow(event)}
      onPointerMove={(event) => event.buttons & 1 && follow(event)}
      onPointerUp={lift}
      onPointerCancel={lift}
      onPointerLeave={lift}
    >
      {notes.map((note) => (
        <button
          key={note}
          data-note={note}
          className={isBlack(note) ? "black" : "white"}
          style={{ "--at": whitesBelow(note, lowest) } as React.CSSProperties}
          aria-label={nameOf(note)}
          aria-pressed={down.has(note)}
          tabIndex={note === Math.max(lowest, Math.min(MIDDLE, lowest + 12 * OCTAVES)) ? 0 : -1}
          onClick={(event) => {
            if (event.detail !== 0) return; // a pointer, which was heard already
            press(note, VELOCITY);
            release(note);
          }}
        >
          {note % 12 === 0 && <small aria-hidden="true">{nameOf(note)}</small>}
        </button>
      ))}
    </div>
  );
}

/** The key under a pointer, which a finger that slides is not told of. */
function keyAt({ target, clientX, clientY }: PointerEvent): HTMLElement | null {
  const root = (target as Element).getRootNode() as ShadowRoot;
  return root.elementFromPoint(clientX, clientY)?.closest<HTMLElement>("[data-note]") ?? null;
}

function isBlack(note: number): boolean {
  return NAMES[note % 12]!.length > 1;
}

function whitesBelow(note: number, lowest: number): number {
  return Array.from({ length: note - lowest }, (_, i) => lowest + i).filter((other) => !isBlack(other)).length;
}

function nameOf(note: number): string {
  return `${NAMES[note % 12]}${Math.floor(note / 12) - 1}`;
}

function moved(lowest: number, octaves: number): number {
  return Math.min(Math.max(lowest + 12 * octaves, 0), 120 - 12 * OCTAVES);
}
