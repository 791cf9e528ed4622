// Axes and zoom: which part of a sound is seen, and round values along it.

/** Seconds from the left edge to the right one. */
export interface View {
  from: number;
  to: number;
}

const CLOSEST = 0.02; // seconds

export function whole(seconds: number): View {
  return { from: 0, to: seconds };
}

/** The view nearer by `factor` (above 1) or further, with `at` (seconds) staying where it is. */
export function zoomed(view: View, factor: number, at: number, seconds: number): View {
  const span = Math.min(Math.max((view.to - view.from) / factor, Math.min(CLOSEST, seconds)), seconds);
  const share = (at - view.from) / (view.to - view.from);
  return held({ from: at - share * span, to: at + (1 - share) * span }, seconds);
}

export function panned(view: View, by: number, seconds: number): View {
  return held({ from: view.from + by, to: view.to + by }, seconds);
}

/** The same span inside the sound. */
export function held(view: View, seconds: number): View {
  const span = Math.min(view.to - view.from, seconds);
  const from = Math.min(Math.max(view.from, 0), seconds - span);
  return { from, to: from + span };
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
