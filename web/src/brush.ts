// A brush in the hand: which stroke comes of the way that it went.

import type { View } from "./axis";
import { held, simplified, type Point, type Stroke, type Tool } from "./strokes";

export const HANDS = ["brush", "line", "eraser", "box", "lasso", "clone", "smudge", "fill"] as const;
export type Hand = (typeof HANDS)[number];
export const ALONG = ["both", "time", "frequency"] as const;

export interface Brush {
  hand: Hand;
  /** dB that it adds. */
  gain: number;
  /** Radius, as a share of the picture's height. */
  size: number;
  softness: number;
  /** It reaches over all of this axis. */
  along: (typeof ALONG)[number];
}

export const FIRST: Brush = { hand: "brush", gain: 12, size: 0.06, softness: 0.5, along: "both" };
const AREAS: readonly Hand[] = ["box", "lasso", "fill"];
const TOOLS: Partial<Record<Hand, Tool>> = { line: "brush", box: "region", lasso: "region" };
const EDGE = 0.02; // over how much the edge of an area rises, as a share of the picture's height

/** Whether its way is the outline of an area. */
export function encloses(hand: Hand): boolean {
  return AREAS.includes(hand);
}

/** What part of a sound a picture shows: seconds and kHz in view, of all there are, at a pitch (as a factor). */
export interface Window {
  view: View;
  band: View;
  seconds: number;
  top: number;
  pitch: number;
  /** Width of the picture over its height. */
  aspect: number;
}

/** A place in the picture, from its lower left corner, as a place of the sound. */
export function placeAt([x, y]: Point, { view, band, seconds, top, pitch }: Omit<Window, "aspect">): Point {
  const [second, khz] = [view.from + x * (view.to - view.from), band.from + y * (band.to - band.from)];
  return [held(second / seconds), held(khz / top / pitch)];
}

/** The inverse of `placeAt`. */
export function shownAt([t, f]: Point, { view, band, seconds, top, pitch }: Omit<Window, "aspect">): Point {
  return [(t * seconds - view.from) / (view.to - view.from), (f * top * pitch - band.from) / (band.to - band.from)];
}

/** The stroke of a way, in places of the sound; `source`: where a clone takes from; null where it is none yet. */
export function strokeOf(brush: Brush, way: Point[], window: Window, source: Point | null, seed = 0): Stroke | null {
  const [first, last] = [way[0]!, way.at(-1)!];
  const { hand, along, gain, softness } = brush;
  const corners: Point[] = [first, [last[0], first[1]], last, [first[0], last[1]]];
  const points = hand === "line" ? [first, last] : hand === "lasso" ? simplified(way) : encloses(hand) ? corners : simplified(way);
  if (encloses(hand) && (first[0] === last[0] || points.length < 3) && hand !== "lasso") return null;
  if (points.length < (encloses(hand) ? 3 : 1) || (hand === "clone" && !source)) return null;
  const tall = encloses(hand) ? EDGE : brush.size;
  const across = held((tall * (window.band.to - window.band.from)) / window.top / window.pitch);
  const wide = held((tall / window.aspect) * ((window.view.to - window.view.from) / window.seconds));
  const size: Point = [along === "time" ? 1 : wide, along === "frequency" ? 1 : across];
  const shift: Point = hand === "clone" ? [source![0] - first[0], source![1] - first[1]] : [0, 0];
  return { tool: TOOLS[hand] ?? (hand as Tool), points, gain, size: encloses(hand) ? [wide, across] : size, softness, amount: 1, shift, seed };
}
