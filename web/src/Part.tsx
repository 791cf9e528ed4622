// A part of a long recording, chosen on its waveform: a click brings it there, a drag moves it. Where the part is small
// in the whole, a second strip shows what is around it.

import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { held, type View } from "./axis";

/** What Python says; app/widgets/intake.py writes it. */
export interface Told {
  /** Seconds of the recording, of its part, and where that begins. */
  seconds: number;
  length: number;
  start: number;
  /** Pairs of int8, base64: lowest and highest sample of equal parts of the recording. */
  peaks: string;
}

const AROUND = 8; // times the part that the second strip shows, of a recording that is longer still
const STEP = 0.01; // seconds

export function Part({ told, choose }: { told: Told; choose: (start: number) => void }) {
  const [moved, setMoved] = useState<number | null>(null);
  const [near, setNear] = useState(() => around(told, told.start));
  useEffect(() => {
    setMoved(null);
    setNear(around(told, told.start));
  }, [told.start, told.seconds, told.length]);
  const start = moved ?? told.start;
  const last = told.seconds - told.length;

  const place = (from: number) => Math.min(Math.max(Math.round(from / STEP) * STEP, 0), last);
  const strip = { told, start, move: (from: number) => setMoved(place(from)), release: (from: number) => choose(place(from)) };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, PageDown: -told.length, PageUp: told.length }[event.key];
    const to = by !== undefined ? start + by * (event.shiftKey ? 10 : 1) : { Home: 0, End: last }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    setMoved(place(to));
    choose(place(to));
  };

  return (
    <div
      className="part" role="slider" tabIndex={0} aria-label="Where the part begins" aria-valuemin={0} aria-valuemax={last} aria-valuenow={start}
      aria-valuetext={`${told.length.toFixed(2)} s of ${told.seconds.toFixed(2)} s, from ${start.toFixed(2)} s`} onKeyDown={onKeyDown}
    >
      <Strip {...strip} view={{ from: 0, to: told.seconds }} />
      {near && <Strip {...strip} view={near} />}
      <small>{`From ${start.toFixed(2)} s, ${told.length.toFixed(2)} s of ${told.seconds.toFixed(2)} s`}</small>
    </div>
  );
}

/** What the second strip shows; null where the first one is near enough. */
function around({ seconds, length }: Told, start: number): View | null {
  const span = AROUND * length;
  return seconds > span ? held({ from: start + (length - span) / 2, to: start + (length + span) / 2 }, seconds) : null;
}

interface StripProps {
  told: Told;
  start: number;
  view: View;
  move: (from: number) => void;
  release: (from: number) => void;
}

function Strip({ told, start, view, move, release }: StripProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const hand = useRef<number | null>(null); // seconds from the part's begin to the pointer
  const span = view.to - view.from;
  useEffect(() => paint(canvas.current!, told.peaks, view.from / told.seconds, view.to / told.seconds), [told.peaks, view.from, view.to]);

  const at = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return view.from + ((event.clientX - box.left) / box.width) * span;
  };
  return (
    <div
      className="strip"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const inside = at(event) - start;
        hand.current = inside >= 0 && inside <= told.length ? inside : told.length / 2;
        move(at(event) - hand.current);
      }}
      onPointerMove={(event) => hand.current !== null && move(at(event) - hand.current)}
      onPointerUp={(event) => {
        if (hand.current !== null) release(at(event) - hand.current);
        hand.current = null;
      }}
      onPointerCancel={() => void (hand.current = null)}
    >
      <canvas ref={canvas} />
      <i style={{ left: `${(100 * (start - view.from)) / span}%`, width: `${(100 * told.length) / span}%` }} />
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, peaks: string, from: number, to: number): void {
  const pairs = Int8Array.from(atob(peaks), (sign) => sign.charCodeAt(0));
  const count = pairs.length / 2;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * (window.devicePixelRatio || 1)));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * (window.devicePixelRatio || 1)));
  const { width, height } = canvas;
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#fc8961";
  for (let x = 0; x < width; x++) {
    const first = Math.floor((from + ((to - from) * x) / width) * count);
    const end = Math.min(Math.max(Math.ceil((from + ((to - from) * (x + 1)) / width) * count), first + 1), count);
    let [low, high] = [127, -127];
    for (let i = first; i < end; i++) [low, high] = [Math.min(low, pairs[2 * i]!), Math.max(high, pairs[2 * i + 1]!)];
    const top = ((127 - high) / 254) * height;
    context.fillRect(x, top, 1, Math.max(((high - low) / 254) * height, 1));
  }
}
