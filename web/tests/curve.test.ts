import { describe, expect, it } from "vitest";
import { added, carried, changed, fromText, onsetsOf, placed, scaled, snapped, toText, valueAt, walk, wave, type LanePoint } from "../src/curve";
import type { Frame } from "../src/frame";

const RAMP: LanePoint[] = [[0.2, -20, 0], [0.8, 10, 0.5]];

describe("lanes as text", () => {
  // tests/synth/patch/test_lanes.py reads the same text.
  it("are those that Python reads, and come back", () => {
    const lanes = [{ name: "loudness", points: RAMP }, { name: "sliders.Größe", points: [[0, 2.5, -1]] as LanePoint[] }];
    expect(toText(lanes)).toBe("CGxvdWRuZXNzAjMzVtUAzMxVFUAPc2xpZGVycy5HcsO2w59lAQAAAECB");
    const again = fromText(toText(lanes));
    expect(again.map(({ name }) => name)).toEqual(["loudness", "sliders.Größe"]);
    expect(again[0]!.points[1]![1]).toBeCloseTo(10, 2);
    expect(toText(again)).toBe(toText(lanes));
    expect(fromText("")).toEqual([]);
  });
});

describe("a lane", () => {
  it("goes evenly from point to point, bends, and stays before and after", () => {
    expect([0, 0.2, 0.5, 0.8, 1].map((time) => valueAt(RAMP, time))).toEqual([-20, -20, expect.closeTo(-5), 10, 10]);
    expect(valueAt([[0, 0, 1], [1, 8, 0]], 0.5)).toBeCloseTo(8 * 0.5 ** 5);
    expect(valueAt([[0, 0, -1], [1, 8, 0]], 0.5)).toBeCloseTo(8 * (1 - 0.5 ** 5));
  });

  it("keeps its points in order and in range", () => {
    const [more, index] = added(RAMP, [0.5, 3, 0]);
    expect(index).toBe(1);
    expect(more.map(([t]) => t)).toEqual([0.2, 0.5, 0.8]);
    expect(placed(more, 1, [0.95, 99, 7], "loudness")[1]).toEqual([0.8, 24, 1]);
    expect(scaled([[0, 20, 0]], 2, "pitch")).toEqual([[0, 24, 0]]);
    expect(carried([[0, 12, 0]], "pitch", "width")).toEqual([[0, 0.5, 0]]);
  });

  it("takes the place of the one of its name, and goes without points", () => {
    const lanes = changed([{ name: "pitch", points: RAMP }], "loudness", RAMP);
    expect(lanes.map(({ name }) => name)).toEqual(["pitch", "loudness"]);
    expect(changed(lanes, "pitch", []).map(({ name }) => name)).toEqual(["loudness"]);
  });

  it("is made at once, within its range", () => {
    const sine = wave("loudness", 4, 0.5);
    expect(Math.max(...sine.map(([, v]) => v))).toBeCloseTo(12);
    expect(valueAt(sine, 0.25)).toBeCloseTo(0);
    const steps = walk("pitch", 24, 0.5, () => 1);
    expect(steps.at(-1)![1]).toBeCloseTo(12);
    expect(steps).toHaveLength(25);
  });
});

it("onsets are where levels rise, and a point goes to one that is near", () => {
  const [bins, frames] = [4, 100];
  const levels = new Uint8Array(bins * frames);
  for (let bin = 0; bin < bins; bin++) for (const at of [20, 70]) levels.fill(200, bin * frames + at, bin * frames + at + 5);
  expect(onsetsOf({ levels, bins, frames } as Frame)).toEqual([0.2, 0.7]);
  expect(snapped(0.21, [0.2, 0.7])).toBe(0.2);
  expect(snapped(0.4, [0.2, 0.7])).toBe(0.4);
});
