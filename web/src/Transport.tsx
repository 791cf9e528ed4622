// Under the picture: play, loop, A/B, level, colours, zoom, help.

import { COLOUR_MAPS, type ColourMap } from "./colours";
import { spanOf } from "./axis";
import type { Engine } from "./engine";
import type { Frame } from "./frame";
import type { Command } from "./keys";
import { Meter } from "./Meter";
import type { Views } from "./views";

interface Props {
  engine: Engine;
  playing: boolean;
  loop: boolean;
  auto: boolean;
  setAuto: (on: boolean) => void;
  slot: string;
  map: ColourMap;
  setMap: (map: ColourMap) => void;
  views: Views;
  whole: Frame | null;
  run: (command: Command) => void;
  lufs: number;
  endless: boolean;
  canFlow: boolean;
  volume: number;
  setVolume: (volume: number) => void;
  keys: boolean;
  /** Whether it is painted on; null where it cannot be. */
  painting: boolean | null;
  curving: boolean;
}

export function Transport({ engine, playing, loop, auto, setAuto, slot, map, setMap, views, whole, run, lufs, endless, canFlow, volume, setVolume, keys, painting, curving }: Props) {
  return (
    <div className="transport" role="toolbar" aria-label="Player">
      <button className="play" aria-label={playing ? "Stop" : "Play"} title="Play or stop (Space)" onClick={() => run("play")}>
        <Icon path={playing ? "M4 4h8v8H4z" : "M5 3l8 5-8 5z"} />
      </button>
      <button aria-pressed={loop} title="Play over and over (L)" onClick={() => run("loop")}>Loop</button>
      <button aria-pressed={auto} title="Play every new sound at once" onClick={() => setAuto(!auto)}>Auto</button>
      {canFlow && <button aria-pressed={endless} title="Play without an end, ever new (E)" onClick={() => run("endless")}>Endless</button>}
      <button aria-pressed={keys} title="Play it on keys: of the computer, of MIDI or on the screen (M)" onClick={() => run("keys")}>Keys</button>
      {painting !== null && <button aria-pressed={painting} title="Paint on the spectrogram (P)" onClick={() => run("paint")}>Paint</button>}
      {painting !== null && <button aria-pressed={curving} title="Curves over the time of the sound (C)" onClick={() => run("lanes")}>Lanes</button>}
      <Meter engine={engine} lufs={lufs} />
      <label className="volume" title="Volume of the player; files stay as they are">
        <Icon path="M2 6h3l4-3v10L5 10H2zM11 5.5q2.2 2.5 0 5z" />
        <input
          type="range" min={0} max={1} step={0.01} value={volume} aria-label="Volume"
          onChange={(event) => setVolume(event.target.valueAsNumber)}
        />
      </label>
      <div className="pair" role="group" aria-label="Compare two patches">
        {["A", "B"].map((name) => (
          <button key={name} aria-pressed={slot === name} title={`Patch ${name} (${name})`} onClick={() => run(`slot ${name}` as Command)}>
            {name}
          </button>
        ))}
      </div>
      <span className="space" />
      <select aria-label="Colours of the spectrogram" value={map} onChange={(event) => setMap(event.target.value as ColourMap)}>
        {COLOUR_MAPS.map((name) => (
          <option key={name} value={name}>{name[0]!.toUpperCase() + name.slice(1)}</option>
        ))}
      </select>
      <Zoom along="time" unit="s" all={spanOf(views.view) >= (whole?.seconds ?? 0)} zoom={(factor) => views.zoomTime(factor, engine.position)} />
      <Zoom along="frequency" unit="kHz" all={spanOf(views.band) >= (whole?.sampleRate ?? 0) / 2000} zoom={views.zoomBand} />
      <button aria-label="Keys and gestures" title="Keys and gestures (?)" onClick={() => run("help")}>?</button>
    </div>
  );
}

interface ZoomProps {
  along: string;
  unit: string;
  all: boolean;
  zoom: (factor: number) => void;
}

function Zoom({ along, unit, all, zoom }: ZoomProps) {
  return (
    <div className="pair" role="group" aria-label={`Zoom in ${along}`}>
      <button aria-label={`Show more ${along}`} title={along === "time" ? "Zoom out" : "Zoom out in frequency"} disabled={all} onClick={() => zoom(0.5)}>
        <Icon path="M3 7.25h10v1.5H3z" />
      </button>
      <span aria-hidden="true">{unit}</span>
      <button aria-label={`Show less ${along}`} title={along === "time" ? "Zoom in" : "Zoom in on low frequencies; drag the kHz to move"} onClick={() => zoom(2)}>
        <Icon path="M3 7.25h4.25V3h1.5v4.25H13v1.5H8.75V13h-1.5V8.75H3z" />
      </button>
    </div>
  );
}

export function Icon({ path }: { path: string }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d={path} fill="currentColor" /></svg>
  );
}
