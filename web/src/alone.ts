// One sound at a time on a page, whoever plays it: the instrument, a player, or one of the browser's own, which
// app/entries.js keeps apart among themselves.

let stopped: (() => void) | null = null;

/** To be called when a sound begins. stop: ends it when another one begins. */
export function alone(stop: () => void): void {
  if (stopped !== stop) stopped?.();
  stopped = stop;
  globalThis.document?.querySelectorAll("audio").forEach((other) => other.pause());
}

globalThis.document?.addEventListener("play", () => stopped?.(), true);
