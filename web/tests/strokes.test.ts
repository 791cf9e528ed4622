import { describe, expect, it } from "vitest";
import { appended, counted, MOST_POINTS, simplified, type Point, type Stroke } from "../src/strokes";

const BRUSH: Stroke = {
  tool: "brush", points: [[0.25, 0.33], [0.71, 0.61]], gain: -12.5, size: [0.03, 1], softness: 0.6, amount: 1, shift: [0, 0], seed: 0,
};
const CLONE: Stroke = { ...BRUSH, tool: "clone", shift: [-0.26, 0.51] };
const FILL: Stroke = { ...BRUSH, tool: "fill", points: [[0, 0], [1, 0], [1, 1]], seed: 4000000000 };

describe("strokes as text", () => {
  // tests/synth/patch/test_strokes.py reads the same text.
  it("are those that Python reads", () => {
    expect(appended("", [BRUSH, CLONE, FILL])).toBe("AOcI_5n_AkAFR7W5wgPnCP-Z_wLX-ygIQAVHtbnCBecI_5n_AwAoa-4AAAD_8AD___8");
  });

  it("come one after the other", () => {
    expect(appended(appended("", [BRUSH]), [CLONE])).toBe(appended("", [BRUSH, CLONE]));
    expect(counted(appended("", [BRUSH, CLONE, FILL]))).toBe(3);
    expect(counted("")).toBe(0);
  });
});

describe("a way", () => {
  it("keeps its corners and loses what lies between", () => {
    const way: Point[] = Array.from({ length: 200 }, (_, i) => (i < 100 ? [i / 200, 0.2] : [0.5, 0.2 + (i - 100) / 200]));
    const found = simplified(way);
    expect(found.length).toBeLessThan(6);
    expect(found[0]).toEqual(way[0]);
    expect(found.at(-1)).toEqual(way.at(-1));
    expect(found.some(([t, f]) => Math.abs(t - 0.5) < 0.01 && Math.abs(f - 0.2) < 0.01)).toBe(true);
  });

  it("has so many points at most, and one alone stays", () => {
    const circles: Point[] = Array.from({ length: 3000 }, (_, i) => [0.5 + 0.4 * Math.cos(i / 20), 0.5 + 0.4 * Math.sin(i / 17)]);
    expect(simplified(circles).length).toBeLessThanOrEqual(MOST_POINTS);
    expect(simplified([[0.1, 0.2]])).toEqual([[0.1, 0.2]]);
  });
});
