// The live instrument: banks of controls on the left, the sound on the right. What moves is heard at once, as a draft
// of the server's; what is let go goes to Python, which answers with the sound itself.

import { useEffect, useMemo, useRef, useState } from "react";
import { Banks } from "./Banks";
import type { ColourMap } from "./colours";
import { learntOf, placed, spelled, type Bank, type Source as Sources, type Values } from "./controls";
import { Easel, filled, Tools, type Fills } from "./Easel";
import { FIRST, type Window } from "./brush";
import { Engine } from "./engine";
import type { Frame } from "./frame";
import { Help } from "./Help";
import { frameOf, wavOf, type Body, type Question } from "./infer";
import { commandOf, type Command } from "./keys";
import { Outbox, type Said } from "./outbox";
import { Lanes } from "./Lanes";
import { octavesOf, semitonesOf } from "./computer";
import { Piano } from "./Piano";
import { Picture, type SoundFile } from "./Picture";
import { LatestWins } from "./requests";
import { Source } from "./Source";
import { joined, type Point } from "./strokes";
import { Transport } from "./Transport";
import { useViews } from "./views";
import { keepVolume, keptVolume } from "./volume";

/** What Python says; app/widgets/live.py writes it. */
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
  source: Sources | null;
  /** The body as GET /infer and GET /stream take it, where they do. */
  query: string | null;
  /** Whether the second can play it. */
  endless: boolean;
  /** Whether the sound can be painted on. */
  paints: boolean;
}

interface Props {
  meta: Meta;
  frame: Frame | null;
  tell: (said: Said[]) => void;
}

// Who draws on a sound sees it as it was learnt, whole and from its beginning on, at its pitch and its length.
const UNCUT: Body = { start: false, end: false, length: null, loop: false, attacks: false };
const SETTLED_MS = 300; // keys that follow each other faster are one change
const FOLLOW_MS = 250; // Python is told of a change when its sound is there, or after this time

export function Instrument({ meta, frame, tell }: Props) {
  const [held, setHeld] = useState<Values>({});
  const [shown, setShown] = useState<Frame | null>(frame);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [playing, setPlaying] = useState(false);
  const [loop, setLoop] = useState(false);
  const [auto, setAuto] = useState(true);
  const [help, setHelp] = useState(false);
  const [keys, setKeys] = useState(false);
  const [painting, setPainting] = useState(false);
  const [curving, setCurving] = useState(false);
  const [brush, setBrush] = useState(FIRST);
  const [offers, setOffers] = useState<Omit<Fills, "choose">>({ before: "", offered: [], chosen: 0 });
  const [volume, setVolume] = useState(keptVolume);
  const [map, setMap] = useState<ColourMap>("magma");
  const [locked, setLocked] = useState<ReadonlySet<string>>(new Set());
  const views = useViews(shown);

  // What handlers of the keyboard and of answers read, always as of the last picture.
  // On keys a new sound waits for a key.
  const atOnce = auto && !keys;
  const now = useRef({ meta, held, loop, auto: atOnce, playing, keys, painting, curving });
  now.current = { meta, held, loop, auto: atOnce, playing, keys, painting, curving };
  const first = useRef(true);
  const streamed = useRef<string | null>(null);
  const dragging = useRef(false);
  const changed = useRef<Values>({});
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  const following = useRef<ReturnType<typeof setTimeout>>(undefined);
  // What the sound at hand was asked by, as `spelled`; none for a draft.
  const loaded = useRef<string | null>(null);
  // A command that waits until Python has heard what the hand changed.
  const waiting = useRef<"save" | "endless" | null>(null);

  const engine = useMemo(() => new Engine(), []);
  const outbox = useMemo(() => new Outbox(), []);
  const drafts = useMemo(
    () =>
      new LatestWins<Question, Frame>(
        (question, sequence) => frameOf(now.current.meta.address, question, sequence),
        (answer, { body, draft }) => hear(answer, dragging.current || now.current.loop, draft ? null : spelled(body)),
        (sentence) => {
          setTrouble(sentence);
          follow();
        },
      ),
    [],
  );

  function hear(sound: Frame, looped: boolean, question: string | null): void {
    engine.load(sound, looped);
    if (!engine.playing && engine.awake && now.current.auto) engine.play(0, looped);
    loaded.current = question;
    setPlaying(engine.playing);
    setShown(sound);
    if (question !== null) follow();
  }

  useEffect(() => {
    engine.volume = volume;
    keepVolume(volume);
  }, [volume]);

  // A message of Python's: the sound itself, unless the hand has moved on since.
  useEffect(() => {
    outbox.heard(meta.heard);
    if (!outbox.empty || dragging.current || Object.keys(changed.current).length) return;
    setHeld({});
    const command = waiting.current;
    waiting.current = null;
    if (command === "save") void save(meta);
    if (command === "endless" || (engine.endless && streamed.current !== meta.query)) flow(meta);
    const asked = spelled(viewed(meta.body));
    if (!frame || asked === loaded.current) return;
    drafts.drop();
    if (asked !== spelled(meta.body)) return drafts.ask({ body: question(), draft: false });
    if (first.current) engine.load(frame, loop);
    if (first.current) loaded.current = asked;
    else hear(frame, loop, asked);
    first.current = false;
  }, [meta, frame]);

  useEffect(() => {
    engine.onEnd = () => setPlaying(false);
    engine.onBreak = () => setTrouble("The sound without an end broke off. Play it again.");
    const wake = () => engine.wake();
    const onKeyDown = (event: KeyboardEvent) => {
      if (now.current.keys && (semitonesOf(event.code) !== null || octavesOf(event.code))) return;
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
      follow();
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
      set,
      step: (values: Values) => {
        move(values);
        clearTimeout(settling.current);
        settling.current = setTimeout(settle, SETTLED_MS);
      },
    }),
    [],
  );

  function move(values: Values): void {
    drafts.ask({ body: taken(values), draft: true });
  }

  /** Values by one click: a change of its own. */
  function set(values: Values): void {
    taken(values);
    settle();
  }

  /** Keeps values that the hand set until Python has them; the question with all of those. */
  function taken(values: Values): Body {
    Object.assign(changed.current, values);
    now.current.held = { ...now.current.held, ...values };
    setHeld(now.current.held);
    return question();
  }

  function question(): Body {
    const { meta, held } = now.current;
    return viewed(placed(meta.body, held, learntOf(meta.banks)));
  }

  function viewed(body: Body): Body {
    return now.current.painting || now.current.curving ? { ...body, ...UNCUT } : body;
  }

  // What is seen changes with the easel and the lanes, and so what is heard.
  useEffect(() => {
    if (!first.current) drafts.ask({ body: question(), draft: false });
  }, [painting || curving]);

  async function fill(way: Point[], window: Window): Promise<void> {
    const before = strokes;
    const offered = await filled(brush, way, window, question(), setTrouble);
    setOffers({ before, offered, chosen: 0 });
    if (offered.length) set({ strokes: joined(before, offered[0]!) });
  }

  function choose(index: number): void {
    setOffers({ ...offers, chosen: index });
    set({ strokes: joined(offers.before, offers.offered[index]!) });
  }

  /** The sound itself is asked for, and what changed since Python was told last is on its way there. */
  function settle(): void {
    clearTimeout(settling.current);
    if (dragging.current || !Object.keys(changed.current).length) return;
    drafts.drop();
    drafts.ask({ body: question(), draft: false });
    const values = changed.current;
    changed.current = {};
    outbox.say("set", values);
    clearTimeout(following.current);
    following.current = setTimeout(follow, FOLLOW_MS);
  }

  /** Tells Python what it has not heard. Not before the sound: its run and the sound would share one interpreter. */
  function follow(): void {
    if (following.current === undefined) return;
    clearTimeout(following.current);
    following.current = undefined;
    if (!outbox.empty) tell(outbox.all);
  }

  function run(command: Command): void {
    const { meta, loop, playing } = now.current;
    if (command === "seed" && meta.source) roll();
    else if (command === "endless") {
      if (engine.endless) engine.stop();
      else if (meta.endless) told("endless", () => flow(meta));
      setPlaying(engine.playing);
    } else if (command === "play") {
      if (playing) engine.stop();
      else engine.play(engine.position, loop);
      setPlaying(engine.playing);
    } else if (command === "loop") {
      engine.loop(!loop);
      setLoop(!loop);
    } else if (command === "help") setHelp(true);
    else if (command === "keys") setKeys(!now.current.keys);
    else if (command === "lanes") setCurving(meta.paints && !now.current.curving);
    else if (command === "paint") setPainting(meta.paints && !now.current.painting);
    else if (command === "save") told("save", () => void save(meta));
    else if (command !== `slot ${meta.slot}`) {
      settle();
      tell(outbox.say(command));
    }
  }

  /** Does what needs all that the hand changed: where Python has not heard of it yet, after its answer. */
  function told(command: "save" | "endless", act: () => void): void {
    settle();
    if (outbox.empty) act();
    else waiting.current = command;
  }

  function flow({ query, endless }: Meta): void {
    if (!endless) return engine.stop();
    streamed.current = query;
    engine.flow(new URL(`stream?${query}`, document.baseURI).href);
    setPlaying(engine.playing);
  }

  function roll(): void {
    set({ seed: crypto.getRandomValues(new Uint32Array(1))[0]! });
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

  const locks = useMemo(
    () => ({ locked, turn: (name: string) => setLocked((before) => turned(before, name)) }),
    [locked],
  );
  const values: Values = {};
  const source = meta.source ? [meta.source.seed, ...meta.source.choices] : [];
  for (const { name, value } of [...source, ...meta.banks.flatMap((bank) => [...bank.controls, ...bank.switches])]) {
    values[name] = held[name] ?? value;
  }
  const strokes = String(held.strokes ?? meta.body.strokes ?? "");
  // Until something else is painted, or it is undone.
  const open = offers.offered.length > 0 && strokes === joined(offers.before, offers.offered[offers.chosen]!);
  const { view, setView, band, setBand } = views;
  const easel = painting && shown && (
    <Easel
      brush={brush} strokes={strokes} moves={moves} fill={(way, window) => void fill(way, window)} tell={setTrouble}
      window={{ view, band, seconds: shown.seconds, top: shown.sampleRate / 2000, pitch: 2 ** (Number(question().pitch ?? 0) / 12) }}
    />
  );
  return (
    <div className="instrument">
      {meta.source && <Source source={meta.source} values={values} set={set} roll={roll} />}
      <Banks banks={meta.banks} place="side" values={values} moves={moves} locks={locks} />
      <div className="sound">
        <p className="trouble" role="status">{trouble}</p>
        {shown && <Picture frame={shown} engine={engine} map={map} view={view} setView={setView} band={band} setBand={setBand} file={painting || curving ? null : fileOf(meta)} over={easel} />}
        <Transport
          engine={engine} playing={playing} loop={loop} auto={auto} setAuto={setAuto} slot={meta.slot} map={map} setMap={setMap}
          views={views} whole={shown} run={run} lufs={shown?.lufs ?? NaN} endless={meta.endless && engine.endless}
          canFlow={meta.endless} volume={volume} setVolume={setVolume} keys={keys} painting={meta.paints ? painting : null} curving={curving}
        />
        {curving && shown && (
          <Lanes
            lanes={String(held.lanes ?? meta.body.lanes ?? "")} moves={moves} frame={shown} view={view} position={() => engine.position}
            controls={meta.banks.flatMap((bank) => bank.controls)}
          />
        )}
        {painting && <Tools brush={brush} setBrush={setBrush} strokes={strokes} moves={moves} fills={{ ...offers, offered: open ? offers.offered : [], choose }} />}
        {keys && shown && (
          <Piano
            engine={engine} frame={shown} body={question()} address={meta.address} goes={meta.endless}
            controls={meta.banks.flatMap((bank) => bank.controls)} moves={moves} tell={setTrouble}
          />
        )}
        <Banks banks={meta.banks} place="under" values={values} moves={moves} locks={locks} />
      </div>
      <Help open={help} close={() => setHelp(false)} />
    </div>
  );
}

/** Name and address of the sound as a file, which the picture can be dragged out as. */
function fileOf({ query, address, file }: Meta): SoundFile | null {
  return query === null ? null : { name: `${file}.wav`, address: new URL(`${address}?${query}`, document.baseURI).href };
}

/** A set with a name that was not in it, or without one that was. */
function turned(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const found = new Set(names);
  if (!found.delete(name)) found.add(name);
  return found;
}
