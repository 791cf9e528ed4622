// Lanes under the picture: one curve over the time of the sound at a time, whose points are dragged, and what makes
// curves at once.

import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import type { View } from "./axis";
import type { Control } from "./controls";
import type { Frame } from "./frame";
import {
  added, carried, changed, fromText, onsetsOf, placed, RANGES, rangeOf, scaled, snapped, toText, valueAt, walk, wave,
  type LanePoint,
} from "./curve";
import type { Moves } from "./Slider";

const SLIDERS = "sliders.";
const DRAWN = 160; // straight pieces that a curve is drawn of
const STEP = 0.02; // of the picture that an arrow moves a point; with Shift a quarter of it
const BEND = 0.1; // that a bracket bends a curve by

interface Props {
  /** The text of all lanes. */
  lanes: string;
  moves: Moves;
  controls: Control[];
  frame: Frame;
  view: View;
  /** Seconds of the playhead. */
  position: () => number;
}

interface Held {
  index: number;
  bending: boolean;
  y: number;
  from: LanePoint[];
}

export function Lanes({ lanes, moves, controls, frame, view, position }: Props) {
  const [name, setName] = useState("loudness");
  const [snap, setSnap] = useState(false);
  const [turns, setTurns] = useState(4);
  const area = useRef<SVGSVGElement>(null);
  const held = useRef<Held | null>(null);
  const all = fromText(lanes);
  const points = all.find((lane) => lane.name === name)?.points ?? [];
  const [low, high, unit] = rangeOf(name);
  const seconds = frame.seconds;
  const sliders = controls.map((control) => control.name).filter((each) => each.startsWith(SLIDERS));
  const names = [...new Set([...Object.keys(RANGES), ...sliders, ...all.map((lane) => lane.name)])];

  const x = (time: number) => (100 * (time * seconds - view.from)) / (view.to - view.from);
  const y = (value: number) => (100 * (high - value)) / (high - low);
  const said = (of: LanePoint[]) => ({ lanes: toText(changed(all, name, of)) });
  const near = (time: number) => (snap ? snapped(time, onsetsOf(frame)) : time);

  const placeOf = (event: { clientX: number; clientY: number }): [number, number] => {
    const box = area.current!.getBoundingClientRect();
    const time = (view.from + ((event.clientX - box.left) / box.width) * (view.to - view.from)) / seconds;
    return [Math.min(Math.max(time, 0), 1), high - ((event.clientY - box.top) / box.height) * (high - low)];
  };
  const take = (event: PointerEvent, index: number, bending: boolean, from = points) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId); // a double-click has to reach the point itself
    held.current = { index, bending, y: event.clientY, from };
    moves.hold();
    moves.move(said(from));
  };
  const add = (event: PointerEvent) => {
    const [time, value] = placeOf(event);
    const [more, index] = added(points, [near(time), value, 0]);
    take(event, index, false, more);
  };
  const drag = (event: PointerEvent) => {
    if (!held.current) return;
    const { index, bending, y: from, from: old } = held.current;
    const [time, value, bend] = old[index]!;
    const [newTime, newValue] = placeOf(event);
    const rising = (old[index + 1]?.[1] ?? value) >= value ? 1 : -1;
    const bent = bend + (rising * (event.clientY - from)) / 60;
    moves.move(said(placed(old, index, bending ? [time, value, bent] : [near(newTime), newValue, bend], name)));
  };
  const drop = () => {
    if (held.current) moves.release();
    held.current = null;
  };
  const remove = (index: number) => moves.set(said(points.filter((_, i) => i !== index)));
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [time, value, bend] = points[index]!;
    const step = STEP * (event.shiftKey ? 0.25 : 1);
    const places: Record<string, LanePoint> = {
      ArrowLeft: [time - step, value, bend], ArrowRight: [time + step, value, bend],
      ArrowUp: [time, value + step * (high - low), bend], ArrowDown: [time, value - step * (high - low), bend],
      "[": [time, value, bend - BEND], "]": [time, value, bend + BEND],
    };
    const to = places[event.key];
    if (event.key === "Delete" || event.key === "Backspace") remove(index);
    else if (to) moves.step(said(placed(points, index, to, name)));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const curve = Array.from({ length: DRAWN + 1 }, (_, i) => i / DRAWN).map((share) => {
    const time = (view.from + share * (view.to - view.from)) / seconds;
    return `${100 * share},${y(points.length ? valueAt(points, time) : 0)}`;
  });
  return (
    <div className="lanes" role="group" aria-label="Lanes">
      <div className="under">
        <label>
          Lane{" "}
          <select value={name} aria-label="Lane" onChange={(event) => setName(event.target.value)}>
            {names.map((each) => (
              <option key={each} value={each}>{titled(each)}{all.some((lane) => lane.name === each) ? " •" : ""}</option>
            ))}
          </select>
        </label>
        <button title="A point at the playhead" onClick={() => moves.set(said(added(points, [near(Math.min(position() / seconds, 1)), points.length ? valueAt(points, position() / seconds) : 0, 0])[0]))}>Add</button>
        <button aria-pressed={snap} title="Points go to where the sound begins anew" onClick={() => setSnap(!snap)}>Snap to onsets</button>
        <div className="pair" role="group" aria-label="Made at once">
          <button title="A sine over the sound" onClick={() => moves.set(said(wave(name, turns, 0.5)))}>LFO</button>
          <input type="number" min={1} max={15} value={turns} aria-label="Turns of the LFO" onChange={(event) => setTurns(Math.min(Math.max(Math.round(event.target.valueAsNumber) || 1, 1), 15))} />
          <button title="A walk at random" onClick={() => moves.set(said(walk(name, 24, 0.6)))}>Walk</button>
        </div>
        <div className="pair" role="group" aria-label="Scale">
          <button disabled={!points.length} aria-label="½, half as much" title="Half as much" onClick={() => moves.set(said(scaled(points, 0.5, name)))}>½</button>
          <button disabled={!points.length} aria-label="× 1.5 as much" title="One and a half times" onClick={() => moves.set(said(scaled(points, 1.5, name)))}>× 1.5</button>
          <button disabled={!points.length} title="Upside down" onClick={() => moves.set(said(scaled(points, -1, name)))}>Flip</button>
        </div>
        <label>
          Copy to{" "}
          <select value="" aria-label="Copy to" disabled={!points.length} onChange={(event) => event.target.value && moves.set({ lanes: toText(changed(all, event.target.value, carried(points, name, event.target.value))) })}>
            <option value="">choose a lane</option>
            {names.filter((each) => each !== name).map((each) => <option key={each} value={each}>{titled(each)}</option>)}
          </select>
        </label>
        <button disabled={!points.length} title="Take this lane off" onClick={() => moves.set(said([]))}>Clear lane</button>
      </div>
      <div className="lane" onPointerMove={drag} onPointerUp={drop} onPointerCancel={drop}>
        <span className="high">{high} {unit}</span>
        <span className="low">{low} {unit}</span>
        <svg ref={area} viewBox="0 0 100 100" preserveAspectRatio="none" onPointerDown={add}>
          <line className="middle" x1="0" x2="100" y1={y(0)} y2={y(0)} vectorEffect="non-scaling-stroke" />
          <polyline points={curve.join(" ")} vectorEffect="non-scaling-stroke" />
        </svg>
        {points.map(([time, value], i) => (
          <b
            key={i}
            role="slider"
            tabIndex={0}
            aria-label={`Point ${i + 1} of ${titled(name)}`}
            aria-valuemin={low}
            aria-valuemax={high}
            aria-valuenow={Number(value.toFixed(2))}
            aria-valuetext={`${value.toFixed(1)} ${unit} at ${(time * seconds).toFixed(2)} s`}
            title="Drag it; a double-click takes it off; [ and ] bend what follows"
            style={{ left: `${x(time)}%`, top: `${y(value)}%`, display: x(time) < 0 || x(time) > 100 ? "none" : undefined }}
            onPointerDown={(event) => take(event, i, event.altKey)}
            onDoubleClick={() => remove(i)}
            onKeyDown={(event) => onKeyDown(event, i)}
          />
        ))}
        {points.slice(0, -1).map(([time], i) => {
          const middle = (time + points[i + 1]![0]) / 2;
          return points[i + 1]![0] - time < 0.04 ? null : (
            <i
              key={i}
              title="Drag it up or down to bend the curve"
              style={{ left: `${x(middle)}%`, top: `${y(valueAt(points, middle))}%`, display: x(middle) < 0 || x(middle) > 100 ? "none" : undefined }}
              onPointerDown={(event) => take(event, i, true)}
            />
          );
        })}
      </div>
    </div>
  );
}

function titled(name: string): string {
  const plain = name.startsWith(SLIDERS) ? name.slice(SLIDERS.length) : name;
  return plain[0]!.toUpperCase() + plain.slice(1);
}

