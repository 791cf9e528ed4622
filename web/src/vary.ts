// Sliders moved at random: around where they are, as far as an amount says, but for those that are locked.

import { snapped, type Control, type Values } from "./controls";

export const SLIDERS = "sliders.";

/** Controls that move a sound along a direction of its model. */
export function directions(controls: Control[]): Control[] {
  return controls.filter(({ name }) => name.startsWith(SLIDERS));
}

/** New values; amount: standard deviation, in the sliders' own units. */
export function varied(
  controls: Control[], values: Values, locked: ReadonlySet<string>, amount: number, random: () => number = Math.random,
): Values {
  const free = controls.filter(({ name }) => !locked.has(name));
  return Object.fromEntries(
    free.map((control) => [control.name, snapped(control, Number(values[control.name]) + amount * normal(random))]),
  );
}

/** A draw from a normal distribution (Box & Muller 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
