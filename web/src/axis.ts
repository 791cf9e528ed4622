// Axes and zoom: which part of a sound is seen, and round values along it.

/** Seconds from the left edge to the right one, or kHz from the lower edge to the upper one. */
export interface View {
  from: number;
  to: number;
}

/** How near one comes. */
export const CLOSEST_SECONDS = 0.02;
export const CLOSEST_KHZ = 0.25;

export function whole(end: number): View {
  return { from: 0, to: end };
}

/** The view nearer by `factor` (above 1) or further, with `at` staying where it is; inside 0 to `end`. */
export function zoomed(view: View, factor: number, at: number, end: number, closest = CLOSEST_SECONDS): View {
  const span = Math.min(Math.max((view.to - view.from) / factor, Math.min(closest, end)), end);
  const share = (at - view.from) / (view.to - view.from);
  return held({ from: at - share * span, to: at + (1 - share) * span }, end);
}

export function panned(view: View, by: number, end: number): View {
  return held({ from: view.from + by, to: view.to + by }, end);
}

/** The same span inside 0 to `end`. */
export function held(view: View, end: number): View {
  const span = Math.min(view.to - view.from, end);
  const from = Math.min(Math.max(view.from, 0), end - span);
  return { from, to: from + span };
}

export function spanOf(view: View): number {
  return view.to - view.from;
}

/** Whether `at` is in view. */
export function sees(view: View, at: number): boolean {
  return view.from <= at && at <= view.to;
}

/** Round values from `from` to `to`, fewer than `most`, with labels of one length. */
export function ticks(from: number, to: number, most: number): { at: number; label: string }[] {
  const power = 10 ** Math.floor(Math.log10((to - from) / most));
  const step = [1, 2, 2.5, 5, 10, 20].map((factor) => factor * power).find((s) => (to - from) / s < most)!;
  const places = Math.max(0, ...[step].map((s) => (Number(s.toPrecision(3)).toString().split(".")[1] ?? "").length));
  const out = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) {
    out.push({ at: i * step, label: (i * step).toFixed(places) });
  }
  return out;
}
