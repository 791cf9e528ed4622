// The sound at hand on every key: asked of the server at the pitch and the brightness of a key, nearest keys first. What
// is not there yet is played from the nearest that is, at another speed.

import type { Values } from "./controls";
import type { Frame } from "./frame";
import type { Body } from "./infer";

export const MIDDLE = 60; // the key of the sound as it is
const FARTHEST = 24; // semitones that the decoder moves a sound
const LAYERS = 4;
const AROUND = 7; // semitones to either side that are made beforehand
const KEPT = 96;
const BRIGHTNESS = "Brightness";
const DULLER = 2; // steps of that slider, at the softest touch

export interface Key {
  note: number;
  layer: number;
}

/** Layer of a velocity of 1..127, the loudest the last. */
export function layerOf(velocity: number): number {
  return Math.min(Math.floor((velocity / 128) * LAYERS), LAYERS - 1);
}

/** The question for a key; what lies beyond the decoder's reach is left to the player. `goes`: it is held by its key. */
export function bodyOf(body: Body, { note, layer }: Key, goes: boolean): { body: Body; left: number } {
  const asked = Number(body.pitch ?? 0) + note - MIDDLE;
  const pitch = Math.min(Math.max(asked, -FARTHEST), FARTHEST);
  const sliders = (body.sliders ?? {}) as Values;
  const brightness = Number(sliders[BRIGHTNESS] ?? 0) - DULLER * (1 - (layer + 1) / LAYERS);
  const moved = BRIGHTNESS in sliders || layer < LAYERS - 1 ? { ...sliders, [BRIGHTNESS]: Math.max(brightness, -5) } : sliders;
  const ends = goes ? { loop: true } : body.loop ? {} : { start: true, end: true };
  return { body: { ...body, pitch, sliders: moved, ...ends }, left: asked - pitch };
}

/** A sound for a key, and the semitones that it lies below it. */
export interface Found<Made> {
  made: Made;
  semitones: number;
}

/** What all keys are made of. goes: whether a note lasts as long as its key is down; dull: whether a soft touch is. */
export interface Origin {
  body: Body;
  goes: boolean;
  dull: boolean;
}

export class Takes<Made> {
  private question: Origin | null = null;
  private made = new Map<string, { key: Key; left: number; made: Made }>();
  private wanted: Key[] = [];
  private round = 0;
  private busy = false;

  /** `ask`: the sound of a body; `make`: what is kept of it. */
  constructor(
    private readonly ask: (body: Body) => Promise<Frame>,
    private readonly make: (frame: Frame) => Made,
    private readonly trouble: (sentence: string) => void,
  ) {}

  /** The sound at hand, of which all keys are made from now on. */
  begin(question: Origin, first: Frame): void {
    this.question = question;
    this.round += 1;
    this.wanted = [];
    this.made.clear();
    this.keep({ note: MIDDLE, layer: LAYERS - 1 }, 0, this.make(first));
  }
  /** The nearest sound that is there, and asks for the right one and those around it. */
  take(note: number, velocity: number): Found<Made> | null {
    const key = { note, layer: this.question?.dull ? layerOf(velocity) : LAYERS - 1 };
    this.want(key);
    const near = [...this.made.values()].sort((a, b) => distance(a.key, key) - distance(b.key, key))[0];
    return near ? { made: near.made, semitones: note - near.key.note + near.left } : null;
  }

  /** How many keys have their own sound. */
  get size(): number {
    return this.made.size;
  }

  private want(key: Key): void {
    const around = Array.from({ length: 2 * AROUND + 1 }, (_, i) => ({ ...key, note: key.note + i - AROUND }));
    const missing = around.filter((one) => one.note >= 0 && one.note < 128 && !this.made.has(named(one)));
    this.wanted = missing.sort((a, b) => distance(a, key) - distance(b, key));
    void this.next();
  }

  /** One at a time: what the hand moves on the page goes before. */
  private async next(): Promise<void> {
    const key = this.wanted.shift();
    if (!key || !this.question || this.busy) return void (key && this.wanted.unshift(key));
    const round = this.round;
    const { body, left } = bodyOf(this.question.body, key, this.question.goes);
    this.busy = true;
    try {
      const frame = await this.ask(body);
      if (round === this.round) this.keep(key, left, this.make(frame));
    } catch (error) {
      this.wanted = [];
      this.trouble(error instanceof Error ? error.message : "The sound of a key could not be made. Play it again.");
    }
    this.busy = false;
    void this.next();
  }

  private keep(key: Key, left: number, made: Made): void {
    this.made.set(named(key), { key, left, made });
    const [oldest] = this.made.keys();
    if (this.made.size > KEPT) this.made.delete(oldest!);
  }
}

function named({ note, layer }: Key): string {
  return `${note} ${layer}`;
}

/** Another layer of the same note is nearer than a note next to it. */
function distance(a: Key, b: Key): number {
  return LAYERS * Math.abs(a.note - b.note) + Math.abs(a.layer - b.layer);
}
