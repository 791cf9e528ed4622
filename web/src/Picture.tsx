// Waveform and spectrogram over one time axis: the picture of the sound, and its player.

import { memo, useEffect, useLayoutEffect, useReducer, useRef, type KeyboardEvent, type MouseEvent } from "react";
import { panned, ticks, zoomed, type View } from "./axis";
import type { ColourMap } from "./colours";
import type { Engine } from "./engine";
import type { Frame } from "./frame";
import { paintHeat, paintWave } from "./paint";

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

  useLayoutEffect(() => paintHeat(spectrum.current!, frame, map), [frame, map]);
  useLayoutEffect(() => paintWave(wave.current!, frame, view, map), [frame, view, map, resized]);

  usePlayhead(engine, stage, head, view);
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
        <div className="window">
          <canvas
            ref={spectrum}
            className="heat"
            style={{ width: `${(100 * seconds) / (view.to - view.from)}%`, left: `${(-100 * view.from) / (view.to - view.from)}%` }}
          />
        </div>
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

/** Moves the playhead with every picture of the screen, without React. */
function usePlayhead(
  engine: Engine, stage: React.RefObject<HTMLDivElement | null>, head: React.RefObject<HTMLElement | null>, view: View,
): void {
  useEffect(() => {
    let next = 0;
    let shown = NaN;
    let told = -Infinity;
    const draw = () => {
      next = requestAnimationFrame(draw);
      const position = engine.position;
      if (position === shown || !head.current || !stage.current) return;
      shown = position;
      const share = (position - view.from) / (view.to - view.from);
      // As wide as the stage, so that it moves by shares of it, and by the compositor alone.
      head.current.style.transform = `translateX(${100 * share}%)`;
      if (performance.now() - told < TOLD_MS && engine.playing) return;
      told = performance.now();
      stage.current.setAttribute("aria-valuenow", position.toFixed(2));
      stage.current.setAttribute("aria-valuetext", `${position.toFixed(2)} seconds`);
    };
    draw();
    return () => cancelAnimationFrame(next);
  }, [engine, stage, head, view]);
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
