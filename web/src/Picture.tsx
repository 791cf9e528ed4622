// Waveform and spectrogram over one time axis: the picture of the sound, and its player.

import { memo, useEffect, useLayoutEffect, useReducer, useRef, type KeyboardEvent, type MouseEvent } from "react";
import { panned, ticks, zoomed, type View } from "./axis";
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
}

export const Picture = memo(function Picture({ frame, engine, map, view, setView }: Props) {
  const [wave, spectrum] = [useRef<HTMLCanvasElement>(null), useRef<HTMLCanvasElement>(null)];
  const stage = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLElement>(null);
  const seconds = frame.seconds;
  const top = frame.sampleRate / 2000;
  const resized = useResized(stage);

  // With the next picture of the screen: the sound goes first, and one that is no longer the latest is not painted.
  useLayoutEffect(() => {
    const next = requestAnimationFrame(() => {
      paintHeat(spectrum.current!, frame, view, map);
      paintWave(wave.current!, frame, view, map);
    });
    return () => cancelAnimationFrame(next);
  }, [frame, view, map, resized]);

  usePlayhead(engine, stage, head, view, resized);
  useWheel(stage, view, setView, seconds);

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
      <div className="hertz" aria-hidden="true">
        {ticks(0, top, 9).map(({ at, label }) => (
          <span key={label} style={{ bottom: `${(100 * at) / top}%` }}>{label}</span>
        ))}
      </div>
      <div
        ref={stage}
        className="stage"
        role="slider"
        tabIndex={0}
        aria-label={`Playhead on the waveform and spectrogram, 0 to ${top} kHz`}
        aria-valuemin={0}
        aria-valuemax={Number(seconds.toFixed(2))}
        aria-valuenow={0}
        onKeyDown={onKeyDown}
        onClick={seek}
      >
        <canvas ref={wave} className="wave" />
        <canvas ref={spectrum} className="heat" />
        <i ref={head} className="head" />
      </div>
      <div className="seconds" aria-hidden="true">
        {ticks(view.from, view.to, 9).map(({ at, label }) => (
          <span key={label} style={{ left: `${(100 * (at - view.from)) / (view.to - view.from)}%` }}>{label}</span>
        ))}
      </div>
      <b className="unit-seconds" aria-hidden="true">s</b>
    </div>
  );
});

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

/** Ctrl and the wheel (or two fingers) zoom; a wheel that turns sideways moves along. */
function useWheel(
  stage: React.RefObject<HTMLDivElement | null>, view: View, setView: (view: View) => void, seconds: number,
): void {
  useEffect(() => {
    const element = stage.current!;
    const onWheel = (event: WheelEvent) => {
      const box = element.getBoundingClientRect();
      const span = view.to - view.from;
      if (event.ctrlKey || event.metaKey) {
        const at = view.from + ((event.clientX - box.left) / box.width) * span;
        setView(zoomed(view, 2 ** (-event.deltaY / 200), at, seconds));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && span < seconds) {
        setView(panned(view, (event.deltaX / box.width) * span, seconds));
      } else return;
      event.preventDefault();
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [stage, view, setView, seconds]);
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
