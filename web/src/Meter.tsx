// Level meter: the peak of what is heard, dBFS, which falls slowly and never changes the size of anything.

import { useEffect, useRef } from "react";
import type { Engine } from "./engine";
import { redraw } from "./redraw";

const FLOOR_DB = -60;
const FALL_DB = 1; // a drawing
const TOLD_MS = 150; // between two readings that change

const QUIET_LUFS = -40;

export function Meter({ engine, lufs }: { engine: Engine; lufs: number }) {
  const bar = useRef<HTMLElement>(null);
  const text = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    let shown = FLOOR_DB;
    let told = 0;
    return redraw(() => {
      const level = Math.max(engine.level(), shown - FALL_DB, FLOOR_DB);
      if (level === shown || !bar.current || !text.current) return;
      shown = level;
      bar.current.style.transform = `scaleX(${1 - shown / FLOOR_DB})`;
      if (performance.now() - told < TOLD_MS && shown > FLOOR_DB) return;
      told = performance.now();
      text.current.textContent = shown <= FLOOR_DB ? "−∞ dB" : `${shown.toFixed(1).replace("-", "−")} dB`;
    });
  }, [engine]);
  return (
    <>
      <div className="meter" aria-hidden="true">
        <span className="bar"><i ref={bar} style={{ transform: "scaleX(0)" }} /></span>
        <span ref={text} className="reading">−∞ dB</span>
      </div>
      <span className="quiet" role="status">{warning(lufs)}</span>
    </>
  );
}

/** What a sound that hardly can be heard says: its picture, scaled to its own peak, hides that. */
export function warning(lufs: number): string {
  if (lufs === -Infinity) return "Silent";
  return lufs < QUIET_LUFS ? `Quiet: ${lufs.toFixed(0).replace("-", "−")} LUFS` : "";
}
