// The live instrument: banks of controls on the left, the sound on the right. What moves is heard at once, as a draft
// of the server's; what is let go goes to Python, which answers with the sound itself.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { whole, zoomed, type View } from "./axis";
import { Banks } from "./Banks";
import type { ColourMap } from "./colours";
import { placed, type Bank, type Values } from "./controls";
import { Engine } from "./engine";
import type { Frame } from "./frame";
import { Help } from "./Help";
import { draftOf, wavOf, type Body } from "./infer";
import { commandOf, type Command } from "./keys";
import { Outbox, type Said } from "./outbox";
import { Picture } from "./Picture";
import { LatestWins } from "./requests";
import { Transport } from "./Transport";

/** What Python says; app/instrument.py writes it. */
export interface Meta {
  /** Number of the last thing that Python heard from here. */
  heard: number;
  /** Where drafts are asked for, relative to the page. */
  address: string;
  /** What is asked there: the patch. */
  body: Body;
  banks: Bank[];
  /** Name of a saved file, without its suffix. */
  file: string;
  slot: string;
}

interface Props {
  meta: Meta;
  frame: Frame | null;
  tell: (said: Said[]) => void;
}

const SETTLED_MS = 300; // keys that follow each other faster are one change

export function Instrument({ meta, frame, tell }: Props) {
  const [held, setHeld] = useState<Values>({});
  const [draft, setDraft] = useState<Frame | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [playing, setPlaying] = useState(false);
  const [loop, setLoop] = useState(false);
  const [auto, setAuto] = useState(true);
  const [help, setHelp] = useState(false);
  const [map, setMap] = useState<ColourMap>("magma");
  const [zoom, setZoom] = useState<{ view: View; seconds: number } | null>(null);

  // What handlers of the keyboard and of answers read, always as of the last picture.
  const now = useRef({ meta, held, loop, auto, playing });
  now.current = { meta, held, loop, auto, playing };
  const dragging = useRef(false);
  const changed = useRef<Values>({});
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  const loaded = useRef("");
  const saving = useRef(false);

  const engine = useMemo(() => new Engine(), []);
  const outbox = useMemo(() => new Outbox(), []);
  const drafts = useMemo(
    () =>
      new LatestWins<Body, Frame>(
        (body, sequence) => draftOf(now.current.meta.address, body, sequence),
        (answer) => hear(answer, dragging.current || now.current.loop, true),
        setTrouble,
      ),
    [],
  );

  function hear(sound: Frame, looped: boolean, isDraft: boolean): void {
    engine.load(sound, looped);
    if (!engine.playing && engine.awake && now.current.auto) engine.play(0, looped);
    setPlaying(engine.playing);
    setDraft(isDraft ? sound : null);
  }

  // A message of Python's: the sound itself, unless the hand has moved on since.
  useEffect(() => {
    outbox.heard(meta.heard);
    if (!outbox.empty || dragging.current || Object.keys(changed.current).length) return;
    setHeld({});
    if (saving.current) void save(meta);
    saving.current = false;
    const patch = JSON.stringify(meta.body);
    if (!frame || (patch === loaded.current && !draft)) return;
    const first = loaded.current === "";
    loaded.current = patch;
    if (first) engine.load(frame, loop);
    else hear(frame, loop, false);
  }, [meta, frame]);

  useEffect(() => {
    engine.onEnd = () => setPlaying(false);
    const wake = () => engine.wake();
    const onKeyDown = (event: KeyboardEvent) => {
      const command = commandOf(event, event.composedPath()[0] as Element);
      if (!command || event.repeat) return;
      // Before Streamlit's own keys, some of which are the same.
      event.preventDefault();
      event.stopImmediatePropagation();
      run(command);
    };
    window.addEventListener("pointerdown", wake, true);
    window.addEventListener("keydown", wake, true);
    window.addEventListener("keydown", onKeyDown, true);
    return () => {
      window.removeEventListener("pointerdown", wake, true);
      window.removeEventListener("keydown", wake, true);
      window.removeEventListener("keydown", onKeyDown, true);
      clearTimeout(settling.current);
      drafts.end();
      engine.close();
    };
  }, []);

  const moves = useMemo(
    () => ({
      hold: () => {
        dragging.current = true;
        if (engine.playing) engine.loop(true);
        else if (now.current.auto) engine.play(0, true);
        setPlaying(engine.playing);
      },
      move,
      release: () => {
        dragging.current = false;
        settle();
        engine.loop(now.current.loop);
      },
      step: (values: Values) => {
        move(values);
        clearTimeout(settling.current);
        settling.current = setTimeout(settle, SETTLED_MS);
      },
    }),
    [],
  );

  function move(values: Values): void {
    Object.assign(changed.current, values);
    const all = { ...now.current.held, ...values };
    now.current.held = all;
    setHeld(all);
    drafts.ask(placed(now.current.meta.body, all));
  }

  /** Python is told what changed since it was told last. */
  function settle(): void {
    clearTimeout(settling.current);
    if (dragging.current || !Object.keys(changed.current).length) return;
    drafts.drop();
    const values = changed.current;
    changed.current = {};
    tell(outbox.say("set", values));
  }

  function run(command: Command): void {
    const { meta, loop, playing } = now.current;
    if (command === "play") {
      if (playing) engine.stop();
      else engine.play(engine.position, loop);
      setPlaying(engine.playing);
    } else if (command === "loop") {
      engine.loop(!loop);
      setLoop(!loop);
    } else if (command === "help") setHelp(true);
    else if (command === "save") {
      // What the hand just changed belongs into the file: Python answers first.
      settle();
      if (outbox.empty) void save(meta);
      else saving.current = true;
    } else if (command !== `slot ${meta.slot}`) {
      settle();
      tell(outbox.say(command));
    }
  }

  async function save({ address, body, file }: Meta): Promise<void> {
    try {
      const url = URL.createObjectURL(await wavOf(address, body));
      Object.assign(document.createElement("a"), { href: url, download: `${file}.wav` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      setTrouble(`The file could not be saved: ${error instanceof Error ? error.message : "try again"}`);
    }
  }

  const values: Values = {};
  for (const control of meta.banks.flatMap((bank) => bank.controls)) values[control.name] = held[control.name] ?? control.value;
  const shown = draft ?? frame;
  const seconds = shown?.seconds ?? 1;
  // Made anew only when they change: with every picture of them the whole sound would be painted again.
  const view = useMemo(() => (zoom?.seconds === seconds ? zoom.view : whole(seconds)), [zoom, seconds]);
  const setView = useCallback((next: View) => setZoom({ view: next, seconds }), [seconds]);

  return (
    <div className="instrument">
      <Banks banks={meta.banks} values={values} moves={moves} />
      <div className="sound">
        <p className="trouble" role="status">{trouble}</p>
        {shown && <Picture frame={shown} engine={engine} map={map} view={view} setView={setView} />}
        <Transport
          engine={engine} playing={playing} loop={loop} auto={auto} setAuto={setAuto} slot={meta.slot} map={map} setMap={setMap}
          zoom={(factor) => setView(zoomed(view, factor, (view.from + view.to) / 2, seconds))}
          zoomedIn={view.to - view.from < seconds} run={run}
        />
      </div>
      <Help open={help} close={() => setHelp(false)} />
    </div>
  );
}
