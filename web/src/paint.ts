// Draws waveform and spectrogram into canvases. No state.

import type { View } from "./axis";
import { css, palette, type ColourMap } from "./colours";
import type { Frame } from "./frame";
import { outline } from "./sound";

/** The levels, a pixel each, the lowest bin at the bottom; the browser scales them to size. */
export function paintHeat(canvas: HTMLCanvasElement, frame: Frame, map: ColourMap): void {
  if (canvas.width !== frame.frames) canvas.width = frame.frames;
  if (canvas.height !== frame.bins) canvas.height = frame.bins;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(frame.frames, frame.bins);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = palette(map);
  for (let bin = 0; bin < frame.bins; bin++) {
    const row = (frame.bins - 1 - bin) * frame.frames;
    for (let t = 0; t < frame.frames; t++) pixels[row + t] = colours[frame.levels[bin * frame.frames + t]!]!;
  }
  context.putImageData(image, 0, 0);
}

export function paintWave(canvas: HTMLCanvasElement, frame: Frame, view: View, map: ColourMap): void {
  const context = sized(canvas);
  const { width, height } = canvas;
  context.fillStyle = css(map, 0);
  context.fillRect(0, 0, width, height);
  context.fillStyle = css(map, 0.75);
  const { low, high } = outline(frame.channels[0]!, width, view.from / frame.seconds, view.to / frame.seconds);
  const middle = height / 2;
  for (let x = 0; x < width; x++) {
    const top = Math.round(middle - high[x]! * middle); // whole pixels, which need no smoothing
    context.fillRect(x, top, 1, Math.max(Math.round(middle - low[x]! * middle) - top, 1));
  }
}

/** The canvas with as many pixels as the screen has for it. */
function sized(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) => Math.max(1, Math.round(size * ratio)));
  if (canvas.width !== width) canvas.width = width!;
  if (canvas.height !== height) canvas.height = height!;
  return canvas.getContext("2d")!;
}
