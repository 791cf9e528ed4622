// One slider: drag (Shift: fine), arrows, a typed value, a double-click home.

import { memo, useLayoutEffect, useRef, type KeyboardEvent, type PointerEvent } from "react";
import { dragged, fraction, keyed, snapped, told, typed, valueAt, type Control, type Values } from "./controls";

const LOCKED = "M3 7h1V5a4 4 0 0 1 8 0v2h1v8H3zM6 7h4V5a2 2 0 0 0-4 0z";
const OPEN = "M3 7h7V4a2 2 0 0 0-4 0H4a4 4 0 0 1 8 0v3h1v8H3z";

export interface Moves {
  /** The hand is on the control. */
  hold: () => void;
  /** The value while the hand moves. */
  move: (values: Values) => void;
  /** The hand let go. */
  release: () => void;
  /** A click that is heard at once and is one change. */
  set: (values: Values) => void;
  /** A step by key: what follows within a moment belongs to it. */
  step: (values: Values) => void;
}

interface Props {
  control: Control;
  value: number;
  vertical: boolean;
  moves: Moves;
  /** Locks it against chance, or unlocks it; null where chance does not come. */
  lock?: ((name: string) => void) | null;
  locked?: boolean;
}

export const Slider = memo(function Slider({ control, value, vertical, moves, lock = null, locked = false }: Props) {
  const track = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const place = 100 * fraction(control, value);
  const home = 100 * Math.min(Math.max(fraction(control, control.home), 0), 1);
  const drag = useDrag(control, value, vertical, moves);

  // Written into the same field: a new one for every value would be laid out anew with every move.
  const text = told(control, value);
  useLayoutEffect(() => {
    field.current!.value = text;
  }, [text]);

  const set = (next: number) => moves.step({ [control.name]: next });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") field.current?.focus();
    const next = keyed(control, value, event.key, event.shiftKey);
    if (next === null && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (next !== null && next !== value) set(next);
  };
  const [near, far] = vertical ? (["bottom", "height"] as const) : (["left", "width"] as const);

  return (
    <div className={vertical ? "slider vertical" : lock ? "slider lockable" : "slider"} title={control.help || undefined}>
      <span className="label">{control.label}</span>
      <div
        ref={track}
        className="track"
        role="slider"
        tabIndex={0}
        aria-label={control.label}
        aria-orientation={vertical ? "vertical" : "horizontal"}
        aria-valuemin={control.low}
        aria-valuemax={control.high}
        aria-valuenow={value}
        aria-valuetext={text}
        aria-description={control.help || undefined}
        onKeyDown={onKeyDown}
        onDoubleClick={() => set(control.home)}
        {...drag(track)}
      >
        <i className="rail" />
        <i className="fill" style={{ [near]: `${Math.min(home, place)}%`, [far]: `${Math.abs(place - home)}%` }} />
        {home > 0 && home < 100 && <i className="home" style={{ [near]: `${home}%` }} />}
        <i className="thumb" style={{ [near]: `${place}%` }} />
      </div>
      <input
        ref={field}
        className="value"
        tabIndex={-1}
        inputMode="decimal"
        aria-label={`${control.label}, typed`}
        onFocus={(event) => event.target.select()}
        onBlur={(event) => {
          const next = typed(control, event.target.value);
          if (next !== null && next !== value) set(next);
          else event.target.value = text;
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.value = text;
          if (event.key === "Enter" || event.key === "Escape") track.current?.focus();
        }}
      />
      {lock && (
        <button className="lock" aria-pressed={locked} aria-label={`Lock ${control.label}`} title="Locked, it stays where it is when others vary" onClick={() => lock(control.name)}>
          <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true"><path d={locked ? LOCKED : OPEN} fill="currentColor" /></svg>
        </button>
      )}
    </div>
  );
});

/** Handlers of the pointer. Pressed beside the thumb, the value jumps there; from then on it follows the hand. */
function useDrag(control: Control, value: number, vertical: boolean, moves: Moves) {
  const hand = useRef<{ at: number; raw: number } | null>(null);
  const along = (event: PointerEvent) => (vertical ? -event.clientY : event.clientX);
  const letGo = () => {
    if (hand.current) moves.release();
    hand.current = null;
  };

  return (track: React.RefObject<HTMLDivElement | null>) => ({
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      const box = track.current!.getBoundingClientRect();
      track.current!.setPointerCapture(event.pointerId);
      track.current!.focus();
      moves.hold();
      const share = vertical ? (box.bottom - event.clientY) / box.height : (event.clientX - box.left) / box.width;
      const grabbed = (event.target as Element).classList.contains("thumb");
      const raw = grabbed ? value : snapped(control, valueAt(control, share));
      hand.current = { at: along(event), raw };
      if (raw !== value) moves.move({ [control.name]: raw });
    },
    onPointerMove: (event: PointerEvent) => {
      if (!hand.current) return;
      const box = track.current!.getBoundingClientRect();
      const fine = event.shiftKey;
      const moved = (along(event) - hand.current.at) / (vertical ? box.height : box.width);
      const raw = dragged(control, hand.current.raw, moved, fine);
      hand.current = { at: along(event), raw };
      const next = snapped(control, raw, fine);
      if (next !== value) moves.move({ [control.name]: next });
    },
    onPointerUp: letGo,
    onPointerCancel: letGo,
  });
}
