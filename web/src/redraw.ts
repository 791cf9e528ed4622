// What moves by itself (playhead, meter): drawn together, at every second picture of the screen at most. Each picture
// costs the page and the browser more than these drawings do, and a hand and its sound come first.

const PAUSE_MS = 25; // and then the next picture: 30 a second on a screen that has 60

const drawings = new Set<() => void>();
let waiting = false;

/** Draws again and again until the returned function is called. */
export function redraw(drawing: () => void): () => void {
  drawings.add(drawing);
  if (!waiting) wait();
  return () => void drawings.delete(drawing);
}

function wait(): void {
  waiting = true;
  setTimeout(() => requestAnimationFrame(drawAll), PAUSE_MS);
}

function drawAll(): void {
  drawings.forEach((drawing) => drawing());
  waiting = false;
  if (drawings.size) wait();
}
