import { describe, expect, it } from "vitest";
import { octavesOf, semitonesOf } from "../src/computer";
import { decodeFrame } from "../src/frame";
import type { Body } from "../src/infer";
import { forgotten, learnt } from "../src/knobs";
import { gestureOf } from "../src/midi";
import { bodyOf, layerOf, MIDDLE, Takes } from "../src/takes";
import { POLYPHONY, Voices, type Take } from "../src/voices";
import { packed } from "./packed";

describe("MIDI messages", () => {
  it.each([
    [[0x90, 60, 100], { kind: "on", note: 60, velocity: 100 }],
    [[0x9f, 127, 1], { kind: "on", note: 127, velocity: 1 }],
    [[0x90, 60, 0], { kind: "off", note: 60 }],
    [[0x80, 60, 64], { kind: "off", note: 60 }],
    [[0xe0, 0, 64], { kind: "bend", semitones: 0 }],
    [[0xe0, 127, 127], { kind: "bend", semitones: 2 }],
    [[0xe3, 0, 0], { kind: "bend", semitones: -2 }],
    [[0xb0, 64, 63], { kind: "sustain", down: false }],
    [[0xb0, 64, 64], { kind: "sustain", down: true }],
    [[0xb0, 123, 0], { kind: "silence" }],
    [[0xb0, 21, 127], { kind: "control", number: 21, share: 1 }],
  ])("%j", (bytes, gesture) => expect(gestureOf(bytes)).toEqual(gesture));

  it.each([[[]], [[0xf8]], [[0x90, 60]], [[0x90, 200, 100]], [[0xc0, 5, 0]], [[0xd0, 5, 0]]])("%j is not for us", (bytes) => {
    expect(gestureOf(bytes)).toBeNull();
  });
});

it("takes the keys of the computer by their place", () => {
  expect(["KeyA", "KeyW", "KeyS", "KeyK", "Semicolon", "KeyZ", "Space"].map(semitonesOf)).toEqual([0, 1, 2, 12, 16, null, null]);
  expect(["Comma", "Period", "KeyA"].map(octavesOf)).toEqual([-1, 1, 0]);
});

it("gives each knob one slider and each slider one knob", () => {
  const first = learnt(learnt({}, 21, "psi"), 22, "pitch");
  expect(learnt(first, 23, "psi")).toEqual({ 22: "pitch", 23: "psi" });
  expect(learnt(first, 21, "pitch")).toEqual({ 21: "pitch" });
  expect(forgotten(first, "psi")).toEqual({ 22: "pitch" });
});

describe("the question for a key", () => {
  const body = { seed: 1, pitch: 3, sliders: { Brightness: 1 } };
  it("is of its pitch, and as dull as the touch is soft", () => {
    const soft = bodyOf(body, { note: MIDDLE + 5, layer: layerOf(1) }, false);
    expect(soft).toEqual({ body: { seed: 1, pitch: 8, sliders: { Brightness: -0.5 }, start: true, end: true }, left: 0 });
    expect(bodyOf(body, { note: MIDDLE, layer: layerOf(127) }, false).body.sliders).toEqual({ Brightness: 1 });
    expect([1, 31, 32, 64, 96, 127].map(layerOf)).toEqual([0, 0, 1, 2, 3, 3]);
  });
  it("goes round where it is held, and leaves to the player what the decoder cannot reach", () => {
    const high = bodyOf({}, { note: 127, layer: 3 }, true);
    expect(high).toEqual({ body: { pitch: 24, sliders: {}, loop: true }, left: 127 - MIDDLE - 24 });
    expect(bodyOf({ pitch: -12 }, { note: 0, layer: 3 }, true).left).toBe(-12 - 60 + 24);
  });
});

describe("takes", () => {
  const frame = (sequence: number) => decodeFrame(packed({ samples: [0, 1], sequence }));
  const settled = () => new Promise((done) => setTimeout(done, 5));

  it("plays from the nearest key until its own sound is there", async () => {
    const asked: Body[] = [];
    const takes = new Takes(async (body) => (asked.push(body), frame(Number(body.pitch) + 100)), ({ sequence }) => sequence, () => {});
    expect(takes.take(MIDDLE, 127)).toBeNull();
    takes.begin({ body: {}, goes: false, dull: false }, frame(7));
    expect(takes.take(MIDDLE + 4, 127)).toEqual({ made: 7, semitones: 4 });
    await settled();
    expect(asked[0]!.pitch).toBe(4); // the key itself, then those beside it
    expect(new Set(asked.slice(1, 3).map((body) => body.pitch))).toEqual(new Set([3, 5]));
    expect(takes.take(MIDDLE + 4, 20)).toEqual({ made: 104, semitones: 0 });
    expect(takes.size).toBe(15); // seven to either side, the middle one among them
  });

  it("forgets the sound before, and what was asked of it", async () => {
    let answer = (_: number): void => {};
    const takes = new Takes(async () => frame(await new Promise<number>((done) => (answer = done))), ({ sequence }) => sequence, () => {});
    takes.begin({ body: {}, goes: false, dull: false }, frame(1));
    takes.take(MIDDLE + 1, 127);
    takes.begin({ body: {}, goes: false, dull: false }, frame(2));
    answer(99);
    await settled();
    expect(takes.take(MIDDLE + 1, 127)).toEqual({ made: 2, semitones: 1 });
  });

  it("says what went wrong, and asks anew with the next key", async () => {
    const told: string[] = [];
    let fails = true;
    const takes = new Takes(async () => (fails ? Promise.reject(new Error("The server refuses.")) : frame(5)), ({ sequence }) => sequence, (text) => told.push(text));
    takes.begin({ body: {}, goes: false, dull: false }, frame(1));
    takes.take(MIDDLE + 1, 127);
    await settled();
    expect(told).toEqual(["The server refuses."]);
    fails = false;
    takes.take(MIDDLE + 1, 127);
    await settled();
    expect(takes.take(MIDDLE + 1, 127)).toEqual({ made: 5, semitones: 0 });
  });
});

describe("voices", () => {
  class Param {
    value = 0;
    targets: number[] = [];
    setValueAtTime = () => {};
    linearRampToValueAtTime = (value: number) => void (this.value = value);
    cancelScheduledValues = () => {};
    setTargetAtTime = (_: number, __: number, constant: number) => void this.targets.push(constant);
  }
  class Source {
    playbackRate = new Param();
    loop = false;
    stopped: number | null = null;
    onended = () => {};
    connect = <T>(next: T) => next;
    start = () => {};
    stop = (at: number) => (this.stopped = at);
  }
  const opened = () => {
    const [sources, gains]: [Source[], { gain: Param }[]] = [[], []];
    const context = {
      currentTime: 1,
      createBufferSource: () => (sources.push(new Source()), sources.at(-1)),
      createGain: () => (gains.push(Object.assign({ gain: new Param(), connect: () => {} })), gains.at(-1)),
    };
    const voices = new Voices(() => ({ context, into: {} }) as never);
    return { voices, sources, gains };
  };
  const take = (loop: [number, number] | null = null, semitones = 0) => ({ buffer: {}, loop, semitones }) as Take;

  it("let the oldest give way where more sound than there is room for, by a fall and not by a cut", () => {
    const { voices, sources, gains } = opened();
    for (let note = 0; note < POLYPHONY + 2; note++) voices.on(note, take(), 0.5);
    expect(sources.map(({ stopped }) => stopped !== null)).toEqual([true, true, ...new Array(POLYPHONY).fill(false)]);
    expect(gains[0]!.gain.targets[0]).toBeGreaterThan(0.001);
    expect(sources[0]!.stopped! - 1).toBeCloseTo(8 * gains[0]!.gain.targets[0]!);
  });

  it("ring on when they are single events, and end with their key when they go round", () => {
    const { voices, sources } = opened();
    voices.on(60, take(), 1);
    voices.on(61, take([0, 1]), 1);
    voices.off(60);
    voices.off(61);
    expect(sources.map(({ stopped }) => stopped !== null)).toEqual([false, true]);
  });

  it("are held by the pedal", () => {
    const { voices, sources } = opened();
    voices.sustain(true);
    voices.on(60, take([0, 1]), 1);
    voices.on(61, take([0, 1]), 1);
    voices.off(60);
    expect(sources[0]!.stopped).toBeNull();
    voices.sustain(false);
    expect(sources.map(({ stopped }) => stopped !== null)).toEqual([true, false]);
  });

  it("bend, those that begin later too", () => {
    const { voices, sources } = opened();
    voices.on(60, take(null, 3), 1);
    voices.bend(-2);
    voices.on(61, take(), 1);
    const semitones = sources.map(({ playbackRate }) => 12 * Math.log2(playbackRate.value));
    expect(semitones[0]).toBeCloseTo(1);
    expect(semitones[1]).toBeCloseTo(-2);
  });

  it("all end at once, and leave when they have ended", () => {
    const { voices, sources } = opened();
    for (const note of [1, 2, 3]) voices.on(note, take([0, 1]), 1);
    voices.silence();
    expect(sources.every(({ stopped }) => stopped !== null)).toBe(true);
    sources.forEach((source) => source.onended());
    expect(voices.sounding).toBe(0);
  });
});
