// Painting on the picture: the layer above the spectrogram that follows the hand, and the tools under it.

import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { ALONG, encloses, HANDS, placeAt, shownAt, strokeOf, type Brush, type Hand, type Window } from "./brush";
import { fillsOf, type Body } from "./infer";
import type { Moves } from "./Slider";
import { appended, counted, held, MOST_STROKES, type Point } from "./strokes";

const STEP = 0.02; // of the picture that an arrow moves the brush; with Shift a quarter of it
const NEAR = 0.003; // points of a way that lie nearer to each other are one

interface Props {
  brush: Brush;
  window: Omit<Window, "aspect">;
  /** The text of what is painted so far. */
  strokes: string;
  moves: Moves;
  /** An outline to fill: what could stand there is asked for. */
  fill: (way: Point[], window: Window) => void;
  tell: (sentence: string | null) => void;
}

/** Above the spectrogram, as large as it is. */
export function Easel({ brush, window, strokes, moves, fill, tell }: Props) {
  const layer = useRef<HTMLCanvasElement>(null);
  const way = useRef<Point[]>([]);
  const before = useRef("");
  const [cursor, setCursor] = useState<Point>([0.5, 0.5]);
  const [down, setDown] = useState(false);
  const [source, setSource] = useState<Point | null>(null);

  const shape = (): Window => ({ ...window, aspect: layer.current!.clientWidth / Math.max(layer.current!.clientHeight, 1) });

  useEffect(() => {
    const canvas = layer.current!;
    const context = fitted(canvas);
    const { width, height } = canvas;
    const at = ([x, y]: Point): [number, number] => [x * width, (1 - y) * height];
    context.clearRect(0, 0, width, height);
    context.strokeStyle = "#fff";
    context.lineWidth = 2 * (devicePixelRatio || 1);
    context.shadowColor = "#000";
    context.shadowBlur = 3;
    const shown = way.current.map((point) => at(shownAt(point, window)));
    if (encloses(brush.hand) && down && shown.length) outline(context, brush.hand, shown);
    else circle(context, at(cursor), encloses(brush.hand) ? 0 : brush.size * height, brush.along, width, height);
    if (brush.hand === "clone" && source) circle(context, at(shownAt(source, window)), 6, "both", width, height);
  });

  function begin(at: Point): void {
    if (counted(strokes) >= MOST_STROKES) return tell(`A sound holds ${MOST_STROKES} strokes: undo some, or clear them.`);
    before.current = strokes;
    way.current = [placeAt(at, window)];
    setDown(true);
    setCursor(at);
    if (!encloses(brush.hand)) moves.hold();
    hear();
  }

  function go(at: Point): void {
    setCursor(at);
    if (!down) return;
    const [place, last] = [placeAt(at, window), way.current.at(-1)!];
    if (Math.hypot(place[0] - last[0], place[1] - last[1]) < NEAR) return;
    way.current = [...way.current, place];
    hear();
  }

  function end(): void {
    if (!down) return;
    setDown(false);
    if (brush.hand === "fill") fill(way.current, shape());
    else if (encloses(brush.hand)) {
      const stroke = strokeOf(brush, way.current, shape(), source);
      if (stroke) moves.set({ strokes: appended(before.current, [stroke]) });
    } else moves.release();
    way.current = [];
  }

  /** The stroke as far as it went is heard. */
  function hear(): void {
    if (encloses(brush.hand)) return;
    const stroke = strokeOf(brush, way.current, shape(), source);
    if (stroke) moves.move({ strokes: appended(before.current, [stroke]) });
    else if (brush.hand === "clone") tell("Say where to clone from first: press Alt and click, or C at the brush.");
  }

  const at = (event: PointerEvent): Point => {
    const box = layer.current!.getBoundingClientRect();
    return [held((event.clientX - box.left) / box.width), held((box.bottom - event.clientY) / box.height)];
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    if (brush.hand === "clone" && (event.altKey || !source)) return setSource(placeAt(at(event), window));
    event.currentTarget.setPointerCapture(event.pointerId);
    begin(at(event));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEP * (event.shiftKey ? 0.25 : 1);
    const ways: Record<string, Point> = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const by = ways[event.key];
    if (by) go([held(cursor[0] + by[0]), held(cursor[1] + by[1])]);
    else if (event.key === " " || event.key === "Enter") down ? end() : begin(cursor);
    else if (event.key === "c" && brush.hand === "clone") setSource(placeAt(cursor, window));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <canvas
      ref={layer}
      className="easel"
      role="application"
      tabIndex={0}
      aria-label="Painting: arrows move the brush, Space puts it down and lifts it"
      onPointerDown={onPointerDown}
      onPointerMove={(event) => go(at(event))}
      onPointerUp={end}
      onPointerCancel={end}
      onKeyDown={onKeyDown}
    />
  );
}

interface ToolsProps {
  brush: Brush;
  setBrush: (brush: Brush) => void;
  strokes: string;
  moves: Moves;
  fills: Fills;
}

/** Ways to fill an area that are offered, and what was painted before it. */
export interface Fills {
  before: string;
  offered: string[];
  chosen: number;
  choose: (index: number) => void;
}

const DOES: Record<Hand, string> = {
  brush: "Louder or softer along the way of the hand", line: "The same, straight", eraser: "Silence",
  box: "An area louder or softer", lasso: "The same, of any shape", clone: "What is elsewhere, here: Alt and click says where",
  smudge: "Takes the sound along", fill: "An area anew from the model, in up to four ways",
};

export function Tools({ brush, setBrush, strokes, moves, fills }: ToolsProps) {
  const change = (part: Partial<Brush>) => setBrush({ ...brush, ...part });
  const gains = ["brush", "line", "box", "lasso"].includes(brush.hand);
  return (
    <div className="paints" role="group" aria-label="Paint">
      <div className="pair" role="group" aria-label="Tools">
        {HANDS.map((hand) => (
          <button key={hand} aria-pressed={brush.hand === hand} title={DOES[hand]} onClick={() => change({ hand })}>{named(hand)}</button>
        ))}
      </div>
      {gains && <Amount label="Gain" low={-36} high={36} step={1} value={brush.gain} shown={`${brush.gain > 0 ? "+" : ""}${brush.gain} dB`} set={(gain) => change({ gain })} />}
      {!encloses(brush.hand) && (
        <>
          <Amount label="Size" low={0.01} high={0.3} step={0.01} value={brush.size} shown={`${Math.round(100 * brush.size)} %`} set={(size) => change({ size })} />
          <label>
            Reach{" "}
            <select value={brush.along} onChange={(event) => change({ along: event.target.value as Brush["along"] })}>
              {ALONG.map((axis) => <option key={axis} value={axis}>{axis === "both" ? "round" : `all of ${axis}`}</option>)}
            </select>
          </label>
        </>
      )}
      <Amount label="Softness" low={0} high={1} step={0.05} value={brush.softness} shown={`${Math.round(100 * brush.softness)} %`} set={(softness) => change({ softness })} />
      {fills.offered.length > 0 && (
        <div className="pair" role="group" aria-label="Ways to fill it">
          {fills.offered.map((_, i) => (
            <button key={i} aria-pressed={fills.chosen === i} title={`Way ${i + 1} to fill the area`} onClick={() => fills.choose(i)}>{i + 1}</button>
          ))}
        </div>
      )}
      <button disabled={!strokes} title="Take all strokes off" onClick={() => moves.set({ strokes: "" })}>Clear {counted(strokes) || ""}</button>
    </div>
  );
}

interface AmountProps {
  label: string;
  low: number;
  high: number;
  step: number;
  value: number;
  shown: string;
  set: (value: number) => void;
}

function Amount({ label, low, high, step, value, shown, set }: AmountProps) {
  return (
    <label>
      {label}
      <input type="range" min={low} max={high} step={step} value={value} aria-valuetext={shown} onChange={(event) => set(event.target.valueAsNumber)} />
      <span>{shown}</span>
    </label>
  );
}

/** Asks the server for ways to fill the outline of a way. */
export async function filled(brush: Brush, way: Point[], window: Window, body: Body, tell: (sentence: string | null) => void): Promise<string[]> {
  const stroke = strokeOf(brush, way, window, null);
  if (!stroke) return [];
  try {
    return await fillsOf(body, { points: stroke.points, size: stroke.size, softness: stroke.softness });
  } catch (error) {
    tell(error instanceof Error ? error.message : "The area could not be filled. Try again.");
    return [];
  }
}

function named(hand: Hand): string {
  return hand[0]!.toUpperCase() + hand.slice(1);
}

function fitted(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return canvas.getContext("2d")!;
}

function circle(context: CanvasRenderingContext2D, [x, y]: [number, number], radius: number, along: Brush["along"], width: number, height: number): void {
  context.beginPath();
  if (along === "time") context.rect(0, y - radius, width, 2 * radius);
  else if (along === "frequency") context.rect(x - radius, 0, 2 * radius, height);
  else if (radius) context.arc(x, y, radius, 0, 2 * Math.PI);
  else [[-8, 0, 8, 0], [0, -8, 0, 8]].forEach(([a, b, c, d]) => (context.moveTo(x + a!, y + b!), context.lineTo(x + c!, y + d!)));
  context.stroke();
}

function outline(context: CanvasRenderingContext2D, hand: Hand, way: [number, number][]): void {
  const [first, last] = [way[0]!, way.at(-1)!];
  context.beginPath();
  if (hand === "lasso") way.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  else context.rect(first[0], first[1], last[0] - first[0], last[1] - first[1]);
  context.closePath();
  context.stroke();
}
