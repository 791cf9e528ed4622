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
}

export interface Bank {
  title: string;
  controls: Control[];
  orientation: "horizontal" | "vertical";
  /** Two controls that one point on a square moves too. */
  pad: [string, string] | null;
  open: boolean;
}

export type Values = Record<string, number>;

const FINE = 0.1;

/** The nearest value of the control: within its range, on its step; fine: on a tenth of it. */
export function snapped(control: Control, value: number, fine = false): number {
  const step = control.step * (fine ? FINE : 1);
  const within = Math.min(Math.max(value, control.low), control.high);
  const rounded = control.low + Math.round((within - control.low) / step) * step;
  return Number(Math.min(rounded, control.high).toFixed(digits(step)));
}

/** 0..1 of the way from the lowest to the highest value. */
export function fraction(control: Control, value: number): number {
  return (value - control.low) / (control.high - control.low);
}

/** Where the hand is after it moved by so much of the control's length, not yet on a step; fine: a tenth of the way. */
export function dragged(control: Control, from: number, moved: number, fine: boolean): number {
  return from + moved * (control.high - control.low) * (fine ? FINE : 1);
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
  const plain = text.trim().replace(",", ".").replace("−", "-");
  const value = Number(plain);
  return plain === "" || !Number.isFinite(value) ? null : snapped(control, value, true);
}

/** With a sign where a control goes both ways, and a true minus. */
export function shown(control: Control, value: number): string {
  const text = Math.abs(value).toFixed(Math.max(digits(control.step), decimals(value)));
  const sign = value < 0 ? "−" : control.low < 0 && value > 0 ? "+" : "";
  return sign + text;
}

/** The question with the values in their places. */
export function placed(body: Body, values: Values): Body {
  const out: Body = { ...body };
  for (const [name, value] of Object.entries(values)) {
    const dot = name.indexOf(".");
    if (dot < 0) out[name] = value;
    else out[name.slice(0, dot)] = { ...(out[name.slice(0, dot)] as Body), [name.slice(dot + 1)]: value };
  }
  return out;
}

function digits(step: number): number {
  return Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
}

function decimals(value: number): number {
  return Math.min(String(value).split(".")[1]?.length ?? 0, 3);
}
