// Which knob of a MIDI device moves which slider, kept in the browser.

const KEY = "sonoform.knobs";

/** Number of a controller -> name of a control. */
export type Knobs = Record<number, string>;

/** With a controller for a control; each control has one knob, and each knob one control. */
export function learnt(knobs: Knobs, number: number, name: string): Knobs {
  return { ...forgotten(knobs, name), [number]: name };
}

export function forgotten(knobs: Knobs, name: string): Knobs {
  return Object.fromEntries(Object.entries(knobs).filter(([, other]) => other !== name));
}

export function keptKnobs(): Knobs {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const pairs = Object.entries(kept && typeof kept === "object" ? kept : {});
    return Object.fromEntries(pairs.filter(([number, name]) => Number(number) < 128 && typeof name === "string"));
  } catch {
    return {}; // storage is closed to the page, or holds what we did not write
  }
}

export function keepKnobs(knobs: Knobs): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(knobs));
  } catch {
    // They last until the page is left.
  }
}
