// Draws waveform and spectrogram into canvases that have as many pixels as the screen: a canvas that had fewer would be
// scaled again with every picture of the screen, and not once a sound. No state.

import type { View } from "./axis";
import { palette, type ColourMap } from "./colours";
import type { Frame } from "./frame";
import { outline } from "./sound";

const WAVE = 191; // of the 256 colours of a map

/** The levels in view, of the band (kHz) in view, the lowest bin at the bottom. */
export function paintHeat(canvas: HTMLCanvasElement, frame: Frame, view: View, band: View, map: ColourMap): void {
  const { bins, frames, levels, seconds } = frame;
  const small = new OffscreenCanvas(frames, bins);
  const context = small.getContext("2d")!;
  const image = context.createImageData(frames, bins);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = palette(map);
  for (let bin = 0; bin < bins; bin++) {
    const row = (bins - 1 - bin) * frames;
    for (let t = 0; t < frames; t++) pixels[row + t] = colours[levels[bin * frames + t]!]!;
  }
  context.putImageData(image, 0, 0);
  const [left, width] = [(frames * view.from) / seconds, (frames * (view.to - view.from)) / seconds];
  const perBin = frame.sampleRate / 2000 / bins;
  const [upper, height] = [bins - band.to / perBin, (band.to - band.from) / perBin];
  sized(canvas).drawImage(small, left, upper, width, height, 0, 0, canvas.width, canvas.height);
}

export function paintWave(canvas: HTMLCanvasElement, frame: Frame, view: View, map: ColourMap): void {
  const context = sized(canvas);
  const { width, height } = canvas;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = palette(map);
  pixels.fill(colours[0]!);
  const sides = frame.channels.map((side) => outline(side, width, view.from / frame.seconds, view.to / frame.seconds));
  const row = (level: number) => Math.round((1 - level) * (height / 2));
  for (let x = 0; x < width; x++) {
    const top = row(Math.max(...sides.map(({ high }) => high[x]!)));
    const bottom = Math.min(Math.max(row(Math.min(...sides.map(({ low }) => low[x]!))), top + 1), height);
    for (let y = top; y < bottom; y++) pixels[y * width + x] = colours[WAVE]!;
  }
  context.putImageData(image, 0, 0);
}

/** The canvas with as many pixels as the screen has for it. */
function sized(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) => Math.max(1, Math.round(size * ratio)));
  if (canvas.width !== width) canvas.width = width!;
  if (canvas.height !== height) canvas.height = height!;
  return canvas.getContext("2d", { alpha: false })!;
}
