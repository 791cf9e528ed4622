// A square on which one point moves two controls: right and left the first, up and down the second.

import { useRef, type KeyboardEvent, type PointerEvent } from "react";
import { fraction, keyed, shown, snapped, valueAt, type Control, type Values } from "./controls";
import type { Moves } from "./Slider";

interface Props {
  x: Control;
  y: Control;
  corners: string[];
  values: Values;
  moves: Moves;
}

export function Pad({ x, y, corners, values, moves }: Props) {
  const area = useRef<HTMLDivElement>(null);
  const holding = useRef(false);
  const [across, up] = [Number(values[x.name]), Number(values[y.name])];

  const follow = (event: PointerEvent) => {
    const box = area.current!.getBoundingClientRect();
    const [right, above] = [(event.clientX - box.left) / box.width, (box.bottom - event.clientY) / box.height];
    const next = {
      [x.name]: snapped(x, valueAt(x, right)),
      [y.name]: snapped(y, valueAt(y, above)),
    };
    if (next[x.name] !== across || next[y.name] !== up) moves.move(next);
  };
  const letGo = () => {
    if (holding.current) moves.release();
    holding.current = false;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const control = event.key === "ArrowUp" || event.key === "ArrowDown" ? y : x;
    const next = event.key.startsWith("Arrow") ? keyed(control, Number(values[control.name]), event.key, event.shiftKey) : null;
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    moves.step({ [control.name]: next });
  };

  return (
    <div className="pad">
      <span className="along-y">{y.label}</span>
      <div
        ref={area}
        className="area"
        role="slider"
        tabIndex={0}
        aria-roledescription="two-way slider"
        aria-label={`${x.label} and ${y.label}`}
        aria-valuemin={x.low}
        aria-valuemax={x.high}
        aria-valuenow={across}
        aria-valuetext={`${x.label} ${shown(x, across)}, ${y.label} ${shown(y, up)}`}
        onKeyDown={onKeyDown}
        onDoubleClick={() => moves.step({ [x.name]: x.home, [y.name]: y.home })}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          holding.current = true;
          moves.hold();
          follow(event);
        }}
        onPointerMove={(event) => holding.current && follow(event)}
        onPointerUp={letGo}
        onPointerCancel={letGo}
      >
        {corners.map((name, i) => (
          <b key={name} className="corner" style={{ [i % 2 ? "right" : "left"]: 0, [i < 2 ? "bottom" : "top"]: 0 }}>{name}</b>
        ))}
        <i className="thumb" style={{ left: `${100 * fraction(x, across)}%`, bottom: `${100 * fraction(y, up)}%` }} />
      </div>
      <span className="along-x">{x.label}</span>
    </div>
  );
}
