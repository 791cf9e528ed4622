// Waveform and spectrogram over one time axis: the picture of the sound, and its player.

import { memo, useEffect, useLayoutEffect, useReducer, useRef, type DragEvent, type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactNode } from "react";
import { CLOSEST_KHZ, panned, ticks, whole, zoomed, type View } from "./axis";
import type { ColourMap } from "./colours";
import type { Engine } from "./engine";
import type { Frame } from "./frame";
import { paintHeat, paintWave } from "./paint";
import { redraw } from "./redraw";

const NUDGE = 0.05; // seconds that an arrow moves the playhead
const TOLD_MS = 250; // between two positions that a screen reader is told

interface Props {
  frame: Frame;
  engine: Engine;
  map: ColourMap;
  view: View;
  setView: (view: View) => void;
  /** kHz in view. */
  band: View;
  setBand: (band: View) => void;
  /** Fewer than so many ticks an axis. */
  most?: number;
  /** What it is dragged out of the page as, where it can be. */
  file?: SoundFile | null;
  /** What lies above the spectrogram, as large as it is. */
  over?: ReactNode;
}

/** A file that lies under an address. */
export interface SoundFile {
  name: string;
  address: string;
}

export const Picture = memo(function Picture({ frame, engine, map, view, setView, band, setBand, most = 9, file = null, over = null }: Props) {
  const [wave, spectrum] = [useRef<HTMLCanvasElement>(null), useRef<HTMLCanvasElement>(null)];
  const stage = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLElement>(null);
  const seconds = frame.seconds;
  const top = frame.sampleRate / 2000;
  const resized = useResized(stage);

  // With the next picture of the screen: the sound goes first, and one that is no longer the latest is not painted.
  useLayoutEffect(() => {
    const next = requestAnimationFrame(() => {
      paintHeat(spectrum.current!, frame, view, band, map);
      paintWave(wave.current!, frame, view, map);
    });
    return () => cancelAnimationFrame(next);
  }, [frame, view, band, map, resized]);

  usePlayhead(engine, stage, head, view, resized);
  useWheel(stage, spectrum, view, setView, seconds, band, setBand, top);
  const axis = useBand(spectrum, band, setBand, top);

  const seek = (event: MouseEvent) => {
    const box = stage.current!.getBoundingClientRect();
    engine.seek(view.from + ((event.clientX - box.left) / box.width) * (view.to - view.from));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const places: Record<string, number> = {
      ArrowLeft: engine.position - NUDGE, ArrowDown: engine.position - NUDGE, ArrowRight: engine.position + NUDGE,
      ArrowUp: engine.position + NUDGE, Home: 0, End: seconds,
    };
    const to = places[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    engine.seek(to);
  };

  return (
    <div className="picture">
      <b className="unit-hertz" aria-hidden="true">kHz</b>
      <div className="hertz" aria-hidden="true" title="Drag up or down; double-click for all of it" {...axis}>
        {ticks(band.from, band.to, most).map(({ at, label }) => (
          <span key={label} style={{ bottom: `${(100 * (at - band.from)) / (band.to - band.from)}%` }}>{label}</span>
        ))}
      </div>
      <div
        ref={stage}
        className="stage"
        role="slider"
        tabIndex={0}
        aria-label={`Playhead on the waveform and spectrogram, ${rounded(band.from)} to ${rounded(band.to)} kHz`}
        aria-valuemin={0}
        aria-valuemax={Number(seconds.toFixed(2))}
        aria-valuenow={0}
        draggable={file !== null}
        title={file ? `Click to move the playhead; drag it out as ${file.name}` : undefined}
        onDragStart={(event) => file && takeOut(event, file)}
        onKeyDown={onKeyDown}
        onClick={seek}
      >
        <canvas ref={wave} className="wave" />
        <canvas ref={spectrum} className="heat" />
        <i ref={head} className="head" />
      </div>
      {over}
      <div className="seconds" aria-hidden="true">
        {ticks(view.from, view.to, most).map(({ at, label }) => (
          <span key={label} style={{ left: `${(100 * (at - view.from)) / (view.to - view.from)}%` }}>{label}</span>
        ))}
      </div>
      <b className="unit-seconds" aria-hidden="true">s</b>
    </div>
  );
});

/** Gives a drag the file: Chromium writes it where it is dropped, others drop its address. */
function takeOut({ dataTransfer }: DragEvent, { name, address }: SoundFile): void {
  dataTransfer.effectAllowed = "copy";
  dataTransfer.setData("DownloadURL", `audio/wav:${name}:${address}`);
  dataTransfer.setData("text/uri-list", address);
}

function rounded(khz: number): string {
  return String(Number(khz.toFixed(2)));
}

/** Handlers of the axis of frequency: a drag moves along it, a double-click shows all of it. */
function useBand(
  spectrum: React.RefObject<HTMLCanvasElement | null>, band: View, setBand: (band: View) => void, top: number,
) {
  const hand = useRef<{ y: number; band: View } | null>(null);
  return {
    onDoubleClick: () => setBand(whole(top)),
    onPointerDown: (event: PointerEvent) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      hand.current = { y: event.clientY, band };
    },
    onPointerMove: (event: PointerEvent) => {
      if (!hand.current) return;
      const span = hand.current.band.to - hand.current.band.from;
      const moved = (event.clientY - hand.current.y) / spectrum.current!.clientHeight;
      setBand(panned(hand.current.band, moved * span, top));
    },
    onPointerUp: () => void (hand.current = null),
    onPointerCancel: () => void (hand.current = null),
  };
}

/** Moves the playhead without React. */
function usePlayhead(
  engine: Engine, stage: React.RefObject<HTMLDivElement | null>, head: React.RefObject<HTMLElement | null>, view: View,
  resized: number,
): void {
  useEffect(() => {
    let shown = NaN;
    let told = -Infinity;
    const width = stage.current!.clientWidth;
    return redraw(() => {
      const position = engine.position;
      if (position === shown || !head.current || !stage.current) return;
      shown = position;
      const share = (position - view.from) / (view.to - view.from);
      // A narrow thing that the compositor alone moves: what it uncovers is all that is drawn again.
      head.current.style.transform = `translateX(${(share * width).toFixed(1)}px)`;
      if (performance.now() - told < TOLD_MS && engine.playing) return;
      told = performance.now();
      stage.current.setAttribute("aria-valuenow", position.toFixed(2));
      stage.current.setAttribute("aria-valuetext", `${position.toFixed(2)} seconds`);
    });
  }, [engine, stage, head, view, resized]);
}

/** Ctrl and the wheel (or two fingers) zoom in time, with Shift in frequency; a wheel that turns sideways moves along. */
function useWheel(
  stage: React.RefObject<HTMLDivElement | null>, spectrum: React.RefObject<HTMLCanvasElement | null>,
  view: View, setView: (view: View) => void, seconds: number, band: View, setBand: (band: View) => void, top: number,
): void {
  useEffect(() => {
    const element = stage.current!;
    const onWheel = (event: WheelEvent) => {
      const box = element.getBoundingClientRect();
      const span = view.to - view.from;
      const turned = event.deltaY || event.deltaX; // Shift turns a wheel sideways
      if ((event.ctrlKey || event.metaKey) && event.shiftKey) {
        const heat = spectrum.current!.getBoundingClientRect();
        const share = Math.min(Math.max((heat.bottom - event.clientY) / heat.height, 0), 1);
        const at = band.from + share * (band.to - band.from);
        setBand(zoomed(band, 2 ** (-turned / 200), at, top, CLOSEST_KHZ));
      } else if (event.ctrlKey || event.metaKey) {
        const at = view.from + ((event.clientX - box.left) / box.width) * span;
        setView(zoomed(view, 2 ** (-event.deltaY / 200), at, seconds));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && span < seconds) {
        setView(panned(view, (event.deltaX / box.width) * span, seconds));
      } else return;
      event.preventDefault();
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [stage, spectrum, view, setView, seconds, band, setBand, top]);
}

/** A number that changes with the size of the element. */
function useResized(element: React.RefObject<HTMLElement | null>): number {
  const [count, tick] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const observer = new ResizeObserver(tick);
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, [element]);
  return count;
}
