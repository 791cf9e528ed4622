import { describe, expect, it } from "vitest";
import { CROSSFADE, Engine, loopLength } from "../src/engine";
import { decodeFrame, type Frame } from "../src/frame";
import { packed } from "./packed";

/** An audio context that keeps what it is told. */
class Gain {
  curves: { values: Float32Array; at: number; lasts: number }[] = [];
  gain = {
    value: 1,
    setValueCurveAtTime: (values: Float32Array, at: number, lasts: number) => this.curves.push({ values, at, lasts }),
    setTargetAtTime: (value: number) => void (this.gain.value = value),
  };
  connect = <T>(next: T) => next;
  disconnect = () => {};
}

class Source {
  buffer: { data: Float32Array[] } | null = null;
  loop = false;
  loopStart = 0;
  loopEnd = 0;
  onended = () => {};
  started: [number, number] | null = null;
  stopped: number | null = null;
  next: Gain | null = null;
  connect = (next: Gain) => (this.next = next);
  start = (at: number, offset: number) => (this.started = [at, offset]);
  stop = (at: number) => (this.stopped = at);
}

class Context {
  currentTime = 0;
  state = "running";
  destination = {};
  sources: Source[] = [];
  gains: Gain[] = [];
  createAnalyser = () => ({ fftSize: 0, connect: <T>(next: T) => next, getFloatTimeDomainData: (into: Float32Array) => into.fill(0.5) });
  createGain = () => (this.gains.push(new Gain()), this.gains.at(-1)!);
  createBufferSource = () => (this.sources.push(new Source()), this.sources.at(-1)!);
  createBuffer = (channels: number, length: number) => {
    const data = Array.from({ length: channels }, () => new Float32Array(length));
    return { data, copyToChannel: (from: Float32Array, c: number) => data[c]!.set(from) };
  };
  resume = () => Promise.resolve();
  close = () => Promise.resolve();
}

const sound = (samples: number[], rate = 10): Frame => decodeFrame(packed({ samples, rate }));
const steady = () => sound(new Array(20).fill(16384)); // two seconds

function opened() {
  const context = new Context();
  return { context, engine: new Engine(() => context as unknown as AudioContext) };
}

describe("the engine", () => {
  it("is silent until it is told to play", () => {
    const { context, engine } = opened();
    engine.load(steady(), false);
    expect([context.sources.length, engine.playing, engine.level()]).toEqual([0, false, -Infinity]);
    engine.play(0, false);
    expect(context.sources[0]!.started).toEqual([0, 0]);
    expect(engine.level()).toBeCloseTo(-6.02, 2);
  });

  it("goes on by a context of another latency, as loud and with its sound", () => {
    const contexts = new Map<unknown, Context>();
    const engine = new Engine((latency) => (contexts.set(latency, new Context()), contexts.get(latency) as unknown as AudioContext));
    engine.volume = 0.5;
    engine.load(steady(), false);
    engine.play(0, false);
    engine.hurry(0);
    expect([engine.playing, contexts.get("interactive")!.sources[0]!.stopped]).toEqual([false, CROSSFADE]);
    engine.play(0, false);
    expect([contexts.get(0)!.sources.length, contexts.get(0)!.gains[0]!.gain.value]).toEqual([1, 0.25]);
  });

  it("changes into a new sound at the same place, by an equal-power crossfade of 20 ms", () => {
    const { context, engine } = opened();
    engine.load(steady(), false);
    engine.play(0, false);
    context.currentTime = 0.7;
    engine.load(sound(new Array(20).fill(-8192)), false);
    const [before, after] = context.sources;
    expect(after!.started).toEqual([0.7, 0.7]);
    expect(before!.stopped).toBeCloseTo(0.7 + CROSSFADE);
    const [, , fall, rise] = context.gains; // the first is the volume
    const [down, up] = [fall!.curves[0]!, rise!.curves[0]!];
    expect([down.at, down.lasts, up.at, up.lasts]).toEqual([0.7, CROSSFADE, 0.7, CROSSFADE]);
    up.values.forEach((value, i) => expect(value ** 2 + down.values[i]! ** 2).toBeCloseTo(1, 5));
    expect([up.values[0], up.values.at(-1)]).toEqual([0, 1]);
    expect(after!.buffer!.data[0]![5]).toBeCloseTo(-0.25, 3);
  });

  it("seeks, also while it is silent", () => {
    const { context, engine } = opened();
    engine.load(steady(), false);
    engine.seek(9);
    expect(engine.position).toBe(2);
    engine.seek(1.5);
    engine.play(engine.position, false);
    expect(context.sources[0]!.started).toEqual([0, 1.5]);
    engine.seek(0.5);
    expect(context.sources[1]!.started).toEqual([0, 0.5]);
  });

  it("ends by itself, and begins again at the start", () => {
    const { context, engine } = opened();
    let ended = 0;
    engine.onEnd = () => (ended += 1);
    engine.load(steady(), false);
    engine.play(0, false);
    context.currentTime = 2;
    context.sources[0]!.onended();
    expect([ended, engine.playing, engine.position]).toEqual([1, false, 0]);
  });

  it("does not take the end of a replaced sound for its own", () => {
    const { context, engine } = opened();
    engine.load(steady(), false);
    engine.play(0, false);
    engine.load(steady(), false);
    context.sources[0]!.onended();
    expect(engine.playing).toBe(true);
  });

  it("goes round as long as the sound is heard, and a breath", () => {
    const click = sound([32767, ...new Array(99).fill(0)], 100);
    expect(loopLength(click)).toBeCloseTo(0.4);
    expect(loopLength(steady())).toBe(2);
    const { context, engine } = opened();
    engine.load(click, true);
    engine.play(0, true);
    context.currentTime = 1;
    expect(engine.position).toBeCloseTo(0.2);
    expect(context.sources[0]!.loop).toBe(true);
    expect(context.sources[0]!.buffer!.data[0]).toHaveLength(40);
  });

  it("goes round in a seamless loop without a fade or a gap", () => {
    const samples = new Array(100).fill(16384);
    const looped = decodeFrame(packed({ samples, rate: 100, loop: [20, 100] }));
    expect(loopLength(looped)).toBeCloseTo(0.8);
    const { context, engine } = opened();
    engine.load(looped, true);
    engine.play(0, true);
    const [source] = context.sources;
    expect([source!.loop, source!.loopStart, source!.loopEnd]).toEqual([true, 0.2, 1]);
    expect([...source!.buffer!.data[0]!].every((sample) => sample === source!.buffer!.data[0]![0])).toBe(true);
    context.currentTime = 1.1;
    expect(engine.position).toBeCloseTo(0.3);
  });

  it("is as loud as its volume says, and its meter knows nothing of it", () => {
    const { context, engine } = opened();
    engine.volume = 0.5;
    engine.load(steady(), false);
    engine.play(0, false);
    const level = engine.level();
    expect(context.gains[0]!.gain.value).toBe(0.25);
    engine.volume = 0;
    expect([context.gains[0]!.gain.value, engine.level()]).toEqual([0, level]);
  });

  it("gives way to another one on the page, and says so", () => {
    const [one, other] = [opened(), opened()];
    let ended = 0;
    one.engine.onEnd = () => (ended += 1);
    for (const { engine } of [one, other]) engine.load(steady(), false);
    one.engine.play(0, false);
    one.context.currentTime = 0.5;
    other.engine.play(0, false);
    expect([one.engine.playing, other.engine.playing, ended, one.engine.position]).toEqual([false, true, 1, 0.5]);
    one.engine.play(one.engine.position, false);
    expect([one.engine.playing, other.engine.playing, ended]).toEqual([true, false, 1]);
  });

  it("waits for its context", () => {
    const { context, engine } = opened();
    expect(engine.awake).toBe(false);
    context.state = "suspended";
    engine.wake();
    expect(engine.awake).toBe(false);
    context.state = "running";
    expect(engine.awake).toBe(true);
  });
});