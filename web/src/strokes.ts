// What is painted on a sound, as values and as the text that a patch has of it: synth/patch/strokes.py is the same.

import { toBytes, toText } from "./base64";

export const TOOLS = ["brush", "eraser", "region", "clone", "smudge", "fill"] as const;
export type Tool = (typeof TOOLS)[number];
/** Share of the time of a sound as it was learnt, and of its frequencies. */
export type Point = readonly [number, number];

export interface Stroke {
  tool: Tool;
  points: Point[];
  /** dB. */
  gain: number;
  /** Reach in time and in frequency, of which 1 is all of it. */
  size: Point;
  softness: number;
  amount: number;
  shift: Point;
  seed: number;
}

export const MOST_POINTS = 64;
export const MOST_STROKES = 500;
const [FINE, COARSE] = [4095, 255];

export function packed({ tool, points, gain, size, softness, amount, shift, seed }: Stroke): Uint8Array {
  const extra = tool === "clone" || tool === "fill" ? 4 : 0;
  const bytes = new Uint8Array(7 + extra + 3 * points.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = TOOLS.indexOf(tool);
  view.setInt8(1, Math.round(2 * gain));
  bytes.set([...size, softness, amount].map((share) => Math.round(COARSE * share)), 2);
  bytes[6] = points.length;
  if (tool === "clone") shift.forEach((by, i) => view.setInt16(7 + 2 * i, Math.round(FINE * by), true));
  if (tool === "fill") view.setUint32(7, seed, true);
  points.forEach(([t, f], i) => {
    const both = (Math.round(FINE * t) << 12) | Math.round(FINE * f);
    bytes.set([both >> 16, (both >> 8) & 255, both & 255], 7 + extra + 3 * i);
  });
  return bytes;
}

/** The text of strokes after others, which are text already. */
export function appended(before: string, strokes: Stroke[]): string {
  return toText(new Uint8Array([...toBytes(before), ...strokes.flatMap((stroke) => [...packed(stroke)])]));
}

/** One text after another. */
export function joined(before: string, after: string): string {
  return toText(new Uint8Array([...toBytes(before), ...toBytes(after)]));
}

/** How many strokes a text holds. */
export function counted(text: string): number {
  const bytes = toBytes(text);
  let [at, count] = [0, 0];
  for (; at + 7 <= bytes.length; count++) {
    const tool = TOOLS[bytes[at]!];
    at += 7 + (tool === "clone" || tool === "fill" ? 4 : 0) + 3 * bytes[at + 6]!;
  }
  return count;
}

/** A way with so many points at most: those that say most of its shape (Douglas and Peucker 1973). */
export function simplified(way: Point[], most = MOST_POINTS): Point[] {
  for (let off = 0.002; ; off *= 1.5) {
    const kept = [...bent(way, off), way.at(-1)!];
    if (kept.length <= most) return way.length === 1 ? way : kept;
  }
}

/** The points of a way but its last, without those that lie nearer than `off` to what is left. */
function bent(way: Point[], off: number): Point[] {
  const [first, last] = [way[0]!, way.at(-1)!];
  let [far, at] = [off, 0];
  for (let i = 1; i < way.length - 1; i++) {
    const apart = fromSegment(way[i]!, first, last);
    if (apart > far) [far, at] = [apart, i];
  }
  return at ? [...bent(way.slice(0, at + 1), off), ...bent(way.slice(at), off)] : [first];
}

function fromSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const size = dx * dx + dy * dy;
  const share = size ? Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / size, 0), 1) : 0;
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}

export function held(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
