// Plays one sound at a time. A new sound takes over where the old one is, by an equal-power crossfade of 20 ms.

import { alone } from "./alone";
import type { Frame } from "./frame";
import { audible, loudest } from "./sound";
import { Stream } from "./stream";
import type { Output } from "./voices";
import { gainOf } from "./volume";

export const CROSSFADE = 0.02;
const GAP = 0.12; // silence between two rounds of a loop, so that a hit is heard as one
const SHORTEST_LOOP = 0.4;
const CURVE = 33;

const RISE = Float32Array.from({ length: CURVE }, (_, i) => Math.sin((i / (CURVE - 1)) * (Math.PI / 2)));
const FALL = RISE.slice().reverse();

// Even up to LINEAR, then ever flatter: what adds up beyond full scale bends, where it would be cut off.
const LINEAR = 0.7;
const SOFT = Float32Array.from({ length: 4097 }, (_, i) => soft(i / 2048 - 1));

function soft(x: number): number {
  const over = Math.abs(x) - LINEAR;
  return over <= 0 ? x : Math.sign(x) * (LINEAR + (1 - LINEAR) * Math.tanh(over / (1 - LINEAR)));
}

interface Voice {
  source: AudioBufferSourceNode;
  fall: GainNode;
  /** Context time at which the sound's own second 0 was, or would have been. */
  origin: number;
  /** Where a round begins, and its length, or that of the sound where it does not loop; seconds. */
  first: number;
  round: number;
  loops: boolean;
}

/** How far ahead the browser prepares what is heard: as it thinks best, or as little as it can. */
export type Latency = "interactive" | 0;

const shared = new Map<Latency, AudioContext>(); // a browser has few of them, and a page many players

function contextOf(latencyHint: Latency): AudioContext {
  if (!shared.has(latencyHint)) shared.set(latencyHint, new AudioContext({ latencyHint }));
  return shared.get(latencyHint)!;
}

export class Engine {
  /** Called when a sound has ended by itself. */
  onEnd: () => void = () => {};
  /** Called when a sound without an end broke off. */
  onBreak: () => void = () => {};
  private context: AudioContext | null = null;
  private meter: AnalyserNode | null = null;
  private output: GainNode | null = null;
  private loudness = 1;
  private others: WaveShaperNode | null = null;
  private reading = new Float32Array(1024);
  private voice: Voice | null = null;
  private stream: Stream | null = null;
  private frame: Frame | null = null;
  private place = 0;

  private latency: Latency = "interactive";

  constructor(private readonly takeContext: (latency: Latency) => AudioContext = contextOf) {}

  get playing(): boolean {
    return this.voice !== null || this.stream !== null;
  }

  /** Whether what plays has no end. */
  get endless(): boolean {
    return this.stream !== null;
  }

  /** Where the sound is, in its own seconds. */
  get position(): number {
    const voice = this.voice;
    if (!voice || !this.context) return this.place;
    const passed = Math.max(this.context.currentTime - voice.origin, 0);
    if (!voice.loops) return Math.min(passed, voice.round);
    return passed < voice.first ? passed : voice.first + ((passed - voice.first) % voice.round);
  }

  /** Browsers keep a page silent until a hand has touched it: to be called from within such an event. */
  wake(): void {
    this.context ??= this.open();
    if (this.context.state === "suspended") void this.context.resume();
  }

  /** Whether a sound that is played now can be heard. */
  get awake(): boolean {
    return this.context?.state === "running";
  }

  /** Takes a sound: a playing one changes into it, a silent engine keeps it for `play`. */
  load(frame: Frame, loop: boolean): void {
    const position = this.position;
    this.frame = frame;
    if (this.voice) this.start(this.voice.loops && !loop && position >= frame.seconds ? 0 : position, loop);
    else this.place = Math.min(this.place, frame.seconds);
  }

  play(from: number, loop: boolean): void {
    if (!this.frame) return;
    this.wake();
    this.start(from >= this.frame.seconds - 0.01 ? 0 : from, loop);
  }

  /** Plays a sound without an end from an address, in the place of what plays. */
  flow(address: string): void {
    this.wake();
    this.silence();
    alone(this.giveWay);
    const stream = new Stream(this.context!, this.meter!, address, (failed) => {
      if (this.stream !== stream) return;
      this.stream = null;
      if (failed) this.onBreak();
      this.onEnd();
    });
    this.stream = stream;
  }

  stop(): void {
    this.place = this.position;
    this.silence();
  }

  seek(seconds: number): void {
    this.place = Math.max(0, Math.min(seconds, this.frame?.seconds ?? 0));
    if (this.voice) this.start(this.place, this.voice.loops);
  }

  /** Whether the playing sound goes round. */
  loop(on: boolean): void {
    if (this.voice && this.voice.loops !== on) this.start(this.position, on);
  }

  /** Volume of the player, 0 to 1. */
  set volume(volume: number) {
    this.loudness = volume;
    if (this.output && this.context) this.output.gain.setTargetAtTime(gainOf(volume), this.context.currentTime, 0.01);
  }

  /** Peak of the sound that is heard now, dBFS, whatever the volume; -Infinity in silence. */
  level(): number {
    if (!this.meter || !(this.playing || this.others)) return -Infinity;
    this.meter.getFloatTimeDomainData(this.reading);
    return 20 * Math.log10(loudest(this.reading));
  }

  /** Stops, and plays by another latency from then on: at 0 a key is heard sooner, and a busy machine may crackle. */
  hurry(latency: Latency): void {
    this.stop();
    this.latency = latency;
    this.context = this.meter = this.output = this.others = null;
  }

  /** Where other players of this page come in: before the meter and the volume, softly limited where they add up. */
  entrance(): Output {
    this.wake();
    const context = this.context!;
    if (!this.others) {
      this.others = context.createWaveShaper();
      this.others.curve = SOFT;
      this.others.connect(this.meter!);
    }
    return { context, into: this.others };
  }

  /** All of a sound. */
  buffer(frame: Frame): AudioBuffer {
    this.wake();
    return toBuffer(this.context!, frame, frame.seconds, false);
  }

  close(): void {
    this.silence();
    this.others = null;
    this.output?.disconnect();
    this.context = this.meter = this.output = null;
  }

  private open(): AudioContext {
    const context = this.takeContext(this.latency);
    this.meter = context.createAnalyser();
    this.meter.fftSize = this.reading.length;
    this.output = context.createGain();
    this.output.gain.value = gainOf(this.loudness);
    this.meter.connect(this.output).connect(context.destination);
    return context;
  }

  private start(from: number, loop: boolean): void {
    const { context, meter, frame } = this;
    if (!context || !meter || !frame) return;
    const round = loop ? loopLength(frame) : frame.seconds;
    const first = loop && frame.loop ? frame.loop[0] / frame.sampleRate : 0;
    const offset = from < first + round ? from : 0;
    const now = context.currentTime;
    const source = context.createBufferSource();
    source.buffer = toBuffer(context, frame, loop && !frame.loop ? round : frame.seconds, loop && !frame.loop);
    source.loop = loop;
    if (loop && frame.loop) [source.loopStart, source.loopEnd] = frame.loop.map((edge) => edge / frame.sampleRate) as [number, number];
    // Two gains: a sound that is replaced while it still rises goes on rising, and falls at the same time.
    const [rise, fall] = [context.createGain(), context.createGain()];
    source.connect(rise).connect(fall).connect(meter);
    if (this.voice) rise.gain.setValueCurveAtTime(RISE, now, CROSSFADE);
    this.silence();
    alone(this.giveWay);
    const voice = { source, fall, origin: now - offset, first, round, loops: loop };
    source.onended = () => this.ended(voice);
    source.start(now, offset);
    this.voice = voice;
  }

  private readonly giveWay = (): void => {
    if (!this.playing) return;
    this.stop();
    this.onEnd();
  };

  private silence(): void {
    this.stream?.stop();
    this.stream = null;
    const { context, voice } = this;
    if (!context || !voice) return;
    voice.fall.gain.setValueCurveAtTime(FALL, context.currentTime, CROSSFADE);
    voice.source.stop(context.currentTime + CROSSFADE);
    this.voice = null;
  }

  private ended(voice: Voice): void {
    if (this.voice !== voice) return;
    this.voice = null;
    this.place = 0;
    this.onEnd();
  }
}

/** A loop that was made without a seam is one round. Else a round ends when nothing is heard any more, and a breath later: a hit comes again soon while its slider moves. */
export function loopLength(frame: Frame): number {
  if (frame.loop) return (frame.loop[1] - frame.loop[0]) / frame.sampleRate;
  const heard = audible(frame.channels) / frame.sampleRate;
  return Math.min(Math.max(heard + GAP, SHORTEST_LOOP), frame.seconds);
}

/** The first `seconds` of a sound; for a loop it ends in a short fall, so that the seam does not click. */
function toBuffer(context: AudioContext, frame: Frame, seconds: number, loop: boolean): AudioBuffer {
  const length = Math.max(1, Math.round(seconds * frame.sampleRate));
  const buffer = context.createBuffer(frame.channels.length, length, frame.sampleRate);
  const fade = loop ? Math.min(Math.round(0.01 * frame.sampleRate), length) : 0;
  frame.channels.forEach((channel, c) => {
    const part = channel.slice(0, length);
    for (let i = 0; i < fade; i++) part[length - 1 - i]! *= Math.sin((i / fade) * (Math.PI / 2));
    buffer.copyToChannel(part, c);
  });
  return buffer;
}
