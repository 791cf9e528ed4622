// Controls: their values, how a hand moves them, and where each one stands in what the server is asked.

import type { Body } from "./infer";

export interface Control {
  /** A field of the question, or "object.key" for a key of an object in it. */
  name: string;
  label: string;
  low: number;
  high: number;
  step: number;
  value: number;
  /** Where a double-click takes it. */
  home: number;
  help: string;
  /** Written behind the value. */
  unit: string;
  /** Whether equal ways of the hand are equal steps of the value, or of its logarithm. */
  even: boolean;
  /** Whether `home` leaves the value to the model. */
  learnt: boolean;
}

/** A field of the question that is on or off. */
export interface Switch {
  name: string;
  label: string;
  value: boolean;
  home: boolean;
  help: string;
  learnt: boolean;
}

/** A field that takes one of a few values, each with its name for people. */
export interface Choice {
  name: string;
  label: string;
  options: [string, string][];
  value: string;
}

/** What a sound is drawn from. */
export interface Source {
  seed: { name: string; value: number };
  choices: Choice[];
}

export interface Bank {
  title: string;
  controls: Control[];
  switches: Switch[];
  place: "side" | "under";
  orientation: "horizontal" | "vertical";
  /** Two controls that one point on a square moves too. */
  pad: [string, string] | null;
  /** What stands in the corners of that square: lower left and right, upper left and right. */
  corners: string[];
  open: boolean;
}

export type Setting = number | boolean | string;
export type Values = Record<string, Setting>;

const FINE = 0.1;
export const SEEDS = 2 ** 32;

/** The nearest value of the control: within its range, on its step; fine: on a tenth of it. */
export function snapped(control: Control, value: number, fine = false): number {
  const step = control.step * (fine ? FINE : 1);
  const within = Math.min(Math.max(value, control.low), control.high);
  const rounded = control.low + Math.round((within - control.low) / step) * step;
  return Number(Math.min(rounded, control.high).toFixed(digits(step)));
}

/** 0..1 of the way from the lowest to the highest value. */
export function fraction({ low, high, even }: Control, value: number): number {
  return even ? (value - low) / (high - low) : Math.log(value / low) / Math.log(high / low);
}

/** The value so far along the control, not yet on a step: the inverse of `fraction`. */
export function valueAt({ low, high, even }: Control, share: number): number {
  return even ? low + share * (high - low) : low * (high / low) ** share;
}

/** Where the hand is after it moved by so much of the control's length, not yet on a step; fine: a tenth of the way. */
export function dragged(control: Control, from: number, moved: number, fine: boolean): number {
  return valueAt(control, fraction(control, from) + moved * (fine ? FINE : 1));
}

/** What a key makes of a value, or null where the key is not for a control. */
export function keyed(control: Control, value: number, key: string, fine: boolean): number | null {
  const step = control.step * (fine ? FINE : 1);
  const steps: Record<string, number> = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
  if (key in steps) return snapped(control, value + steps[key]! * step, fine);
  const places: Record<string, number> = { Home: control.low, End: control.high, Delete: control.home, Backspace: control.home };
  return places[key] ?? null;
}

/** A number as typed, with a comma or a point; null where it is none. */
export function typed(control: Control, text: string): number | null {
  const plain = text.replace(control.unit, "").trim().replace(",", ".").replace("−", "-");
  const value = Number(plain);
  return plain === "" || !Number.isFinite(value) ? null : snapped(control, value, true);
}

/** With a sign where a control goes both ways, and a true minus. */
export function shown(control: Control, value: number): string {
  const text = Math.abs(value).toFixed(Math.max(digits(control.step), decimals(value)));
  const sign = value < 0 ? "−" : control.low < 0 && value > 0 ? "+" : "";
  return sign + text;
}

/** The same with its unit. */
export function told(control: Control, value: number): string {
  return control.unit ? `${shown(control, value)} ${control.unit}` : shown(control, value);
}

/** The question with the values in their places; what stands at the home of a control of `learnt` is left to the model. */
export function placed(body: Body, values: Values, learnt: Values = {}): Body {
  const out: Body = { ...body };
  for (const [name, value] of Object.entries(values)) {
    const dot = name.indexOf(".");
    if (dot < 0) out[name] = value === learnt[name] ? null : value;
    else out[name.slice(0, dot)] = { ...(out[name.slice(0, dot)] as Body), [name.slice(dot + 1)]: value };
  }
  if ("seed" in values) out.latent = null;
  return out;
}

/** Where the controls stand that leave their value to the model; no strokes and no lanes are none. */
export function learntOf(banks: Bank[]): Values {
  const all = banks.flatMap((bank) => [...bank.controls, ...bank.switches]);
  return { strokes: "", lanes: "", ...Object.fromEntries(all.filter((one) => one.learnt).map((one) => [one.name, one.home])) };
}

/** The same text for the same question, in whatever order it is put; a slider at 0 is one that is not there. */
export function spelled(body: Body): string {
  const plain = (value: unknown): unknown =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, plain(inner)])
      : value;
  const sliders = Object.entries((body.sliders ?? {}) as Values).filter(([, value]) => value !== 0);
  return JSON.stringify(plain("sliders" in body ? { ...body, sliders: Object.fromEntries(sliders) } : body));
}

function digits(step: number): number {
  return Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
}

function decimals(value: number): number {
  return Math.min(String(value).split(".")[1]?.length ?? 0, 3);
}
