// Curves over the time of a sound, as values and as the text that a patch has of them: synth/patch/lanes.py is the same.

import * as base64 from "./base64";
import type { Frame } from "./frame";

/** Share of the time of the sound as it was learnt, value, and bend of what follows, -1..1. */
export type LanePoint = readonly [number, number, number];

export interface Lane {
  name: string;
  points: LanePoint[];
}

export const RANGES: Record<string, [number, number, string]> = {
  loudness: [-60, 24, "dB"], brightness: [-12, 12, "dB/oct"], pitch: [-24, 24, "st"], width: [-1, 1, ""], stretch: [-2, 2, "oct"],
};
export const MOST_LANE_POINTS = 128;
export const MOST_LANES = 16;
const SLIDER: [number, number, string] = [-5, 5, ""];
const [FINE, STEPS, BENDS, BENT] = [65535, 32767, 127, 4];

export function rangeOf(name: string): [number, number, string] {
  return RANGES[name] ?? SLIDER;
}

function most(name: string): number {
  const [low, high] = rangeOf(name);
  return Math.max(-low, high);
}

export function toText(lanes: Lane[]): string {
  const bytes: number[] = [];
  for (const { name, points } of lanes) {
    const letters = new TextEncoder().encode(name);
    bytes.push(letters.length, ...letters, points.length);
    for (const [time, value, bend] of points) {
      const view = new DataView(new ArrayBuffer(5));
      view.setUint16(0, Math.round(FINE * time), true);
      view.setInt16(2, Math.round((STEPS * value) / most(name)), true);
      view.setInt8(4, Math.round(BENDS * bend));
      bytes.push(...new Uint8Array(view.buffer));
    }
  }
  return base64.toText(new Uint8Array(bytes));
}

export function fromText(text: string): Lane[] {
  const bytes = base64.toBytes(text);
  const view = new DataView(bytes.buffer);
  const lanes: Lane[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes[at]!;
    const name = new TextDecoder().decode(bytes.subarray(at + 1, at + 1 + size));
    const count = bytes[at + 1 + size]!;
    at += size + 2;
    const points: LanePoint[] = [];
    for (let i = 0; i < count; i++, at += 5) {
      points.push([view.getUint16(at, true) / FINE, (most(name) * view.getInt16(at + 2, true)) / STEPS, view.getInt8(at + 4) / BENDS]);
    }
    lanes.push({ name, points });
  }
  return lanes;
}

/** The value of a lane at a time. */
export function valueAt(points: LanePoint[], time: number): number {
  const next = points.findIndex(([t]) => t > time);
  if (next === 0) return points[0]![1];
  if (next < 0) return points.at(-1)![1];
  const [[t0, v0, bend], [t1, v1]] = [points[next - 1]!, points[next]!];
  return v0 + curved((time - t0) / Math.max(t1 - t0, 1e-9), bend) * (v1 - v0);
}

function curved(share: number, bend: number): number {
  const power = 1 + BENT * Math.abs(bend);
  return bend >= 0 ? share ** power : 1 - (1 - share) ** power;
}

/** The lanes with other points of one of them; without points it is gone. */
export function changed(lanes: Lane[], name: string, points: LanePoint[]): Lane[] {
  const others = lanes.filter((lane) => lane.name !== name);
  return points.length ? [...others, { name, points: points.slice(0, MOST_LANE_POINTS) }] : others;
}

/** The points with one more, in order, and where it is. */
export function added(points: LanePoint[], point: LanePoint): [LanePoint[], number] {
  const at = points.findIndex(([t]) => t > point[0]);
  const index = at < 0 ? points.length : at;
  return [[...points.slice(0, index), point, ...points.slice(index)], index];
}

/** The points with one of them elsewhere, between its neighbours. */
export function placed(points: LanePoint[], index: number, [time, value, bend]: LanePoint, name: string): LanePoint[] {
  const [low, high] = rangeOf(name);
  const [from, to] = [points[index - 1]?.[0] ?? 0, points[index + 1]?.[0] ?? 1];
  const point: LanePoint = [Math.min(Math.max(time, from), to), Math.min(Math.max(value, low), high), Math.min(Math.max(bend, -1), 1)];
  return points.map((old, i) => (i === index ? point : old));
}

export function scaled(points: LanePoint[], factor: number, name: string): LanePoint[] {
  return points.map((point, i) => placed(points, i, [point[0], point[1] * factor, point[2]], name)[i]!);
}

/** Points as a share of one lane's range, as the same share of another's. */
export function carried(points: LanePoint[], from: string, to: string): LanePoint[] {
  return scaled(points, most(to) / most(from), to);
}

/** A sine of so many turns over the sound, of this share of the lane's range. */
export function wave(name: string, turns: number, depth: number): LanePoint[] {
  const count = Math.min(8 * turns, MOST_LANE_POINTS - 1);
  return Array.from({ length: count + 1 }, (_, i) => [i / count, depth * most(name) * half(name) * Math.sin((2 * Math.PI * turns * i) / count), 0] as const);
}

/** A walk at random, of this share of the lane's range at the most. */
export function walk(name: string, steps: number, depth: number, random: () => number = Math.random): LanePoint[] {
  let at = 0;
  return Array.from({ length: steps + 1 }, (_, i) => {
    at = Math.min(Math.max(at + (random() - 0.5) * 0.8, -1), 1);
    return [i / steps, depth * most(name) * half(name) * at, 0] as const;
  });
}

/** Loudness goes further down than up. */
function half(name: string): number {
  const [low, high] = rangeOf(name);
  return Math.min(-low, high) / Math.max(-low, high);
}

/** Times, 0..1, at which a sound gets louder at once: where the rise of its levels stands out. */
export function onsetsOf({ levels, bins, frames }: Frame): number[] {
  const rise = new Float32Array(frames);
  for (let bin = 0; bin < bins; bin++) {
    for (let t = 1; t < frames; t++) rise[t]! += Math.max(levels[bin * frames + t]! - levels[bin * frames + t - 1]!, 0);
  }
  const mean = rise.reduce((sum, x) => sum + x, 0) / frames;
  const spread = Math.sqrt(rise.reduce((sum, x) => sum + (x - mean) ** 2, 0) / frames);
  const found: number[] = [];
  rise.forEach((x, t) => {
    if (x > mean + 2 * spread && x >= (rise[t - 1] ?? 0) && x > (rise[t + 1] ?? 0)) found.push(t / frames);
  });
  return found;
}

/** The nearest of some times, where one is near. */
export function snapped(time: number, times: number[], near = 0.03): number {
  const best = times.reduce((kept, other) => (Math.abs(other - time) < Math.abs(kept - time) ? other : kept), Infinity);
  return Math.abs(best - time) < near ? best : time;
}
