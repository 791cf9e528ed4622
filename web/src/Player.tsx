// A sound that stands for itself, on a card or beside another: its picture, which plays from where it is clicked.

import { useEffect, useMemo, useRef, useState } from "react";
import { Engine } from "./engine";
import type { Frame } from "./frame";
import { commandOf } from "./keys";
import { Picture } from "./Picture";
import { Icon } from "./Transport";
import { useViews } from "./views";
import { keptVolume } from "./volume";

/** What Python says; app/widgets/players.py writes it. */
export interface Told {
  label: string;
  /** Whether a new sound plays at once, where a switch for that is shown; null without one. */
  auto: boolean | null;
}

const TICKS = 5;

// The space bar is for the player that was used last, or for the first one, where no instrument takes it.
type Toggle = () => void;
const mounted = new Set<Toggle>();
let used: Toggle | null = null;

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.repeat || commandOf(event, event.composedPath()[0] as Element) !== "play") return;
  const toggle = used && mounted.has(used) ? used : mounted.values().next().value;
  if (!toggle) return;
  event.preventDefault();
  toggle();
}

export function Player({ told, frame }: { told: Told; frame: Frame }) {
  const engine = useMemo(() => new Engine(), []);
  const [playing, setPlaying] = useState(false);
  const [auto, setAuto] = useState(told.auto === true);
  const [loop, setLoop] = useState(false);
  const { view, setView, band, setBand } = useViews(frame);
  const first = useRef(true);

  const toggle = useRef(() => {});
  toggle.current = () => {
    if (engine.playing) engine.stop();
    else {
      engine.volume = keptVolume();
      engine.play(engine.position, loop);
    }
    setPlaying(engine.playing);
  };

  useEffect(() => {
    const mine = () => toggle.current();
    const wake = () => engine.wake();
    engine.onEnd = () => setPlaying(false);
    if (!mounted.size) window.addEventListener("keydown", onKeyDown);
    mounted.add(mine);
    // A new sound can play at once only where a hand has been.
    if (told.auto !== null) window.addEventListener("pointerdown", wake, true);
    place.current!.addEventListener("pointerdown", () => (used = mine));
    return () => {
      mounted.delete(mine);
      if (!mounted.size) window.removeEventListener("keydown", onKeyDown);
      window.removeEventListener("pointerdown", wake, true);
      engine.close();
    };
  }, []);

  useEffect(() => {
    engine.load(frame, loop);
    if (!first.current && auto && !engine.playing && engine.awake) toggle.current();
    first.current = false;
  }, [frame]);

  const place = useRef<HTMLDivElement>(null);
  return (
    <div ref={place} className="player" role="group" aria-label={told.label}>
      <Picture frame={frame} engine={engine} map="magma" most={TICKS} view={view} setView={setView} band={band} setBand={setBand} />
      <div className="transport">
        <button className="play" aria-label={`${playing ? "Stop" : "Play"} ${told.label}`} title="Play or stop (Space)" onClick={() => toggle.current()}>
          <Icon path={playing ? "M4 4h8v8H4z" : "M5 3l8 5-8 5z"} />
        </button>
        <button aria-pressed={loop} title="Play over and over" onClick={() => { setLoop(!loop); engine.loop(!loop); }}>Loop</button>
        {told.auto !== null && <button aria-pressed={auto} title="Play every new sound at once" onClick={() => setAuto(!auto)}>Auto</button>}
        <span className="length">{frame.seconds.toFixed(2)} s</span>
      </div>
    </div>
  );
}
