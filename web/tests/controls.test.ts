import { describe, expect, it } from "vitest";
import { dragged, fraction, keyed, learntOf, placed, shown, snapped, spelled, told, typed, valueAt, type Bank, type Control } from "../src/controls";
import { directions, varied } from "../src/vary";

const bright: Control = { name: "sliders.Bright", label: "Bright", low: -5, high: 5, step: 0.1, value: 0, home: 0, help: "", unit: "", even: true, learnt: false };
const psi: Control = { ...bright, name: "psi", low: 0, high: 2, step: 0.01, home: 1 };

describe("a control", () => {
  it("stays within its range and on its step", () => {
    expect([snapped(bright, 9), snapped(bright, -9), snapped(bright, 1.2345), snapped(psi, 0.705)]).toEqual([5, -5, 1.2, 0.71]);
    expect(fraction(bright, 0)).toBe(0.5);
  });

  it("follows the hand, and with Shift a tenth as far in steps of a tenth", () => {
    expect(dragged(bright, 1, 0.25, false)).toBe(3.5);
    expect(dragged(bright, 1, 0.25, true)).toBe(1.25);
    expect([snapped(bright, 1.234), snapped(bright, 1.234, true)]).toEqual([1.2, 1.23]);
  });

  it("is moved by keys", () => {
    const by = (key: string, fine = false) => keyed(bright, 1, key, fine);
    expect([by("ArrowUp"), by("ArrowLeft"), by("ArrowRight", true), by("PageUp"), by("PageDown")]).toEqual([1.1, 0.9, 1.01, 2, 0]);
    expect([by("Home"), by("End"), by("Delete"), by("x")]).toEqual([-5, 5, 0, null]);
    expect(keyed(psi, 0.3, "Backspace", false)).toBe(1);
  });

  it("takes typed values, with a comma too, and nothing that is no number", () => {
    expect([typed(bright, " 1,25 "), typed(bright, "−2"), typed(bright, "70"), typed(bright, ""), typed(bright, "NaN"), typed(bright, "loud")])
      .toEqual([1.25, -2, 5, null, null, null]);
  });

  it("shows its sign where it goes both ways", () => {
    expect([shown(bright, 1), shown(bright, -1.25), shown(bright, 0), shown(psi, 1)]).toEqual(["+1.0", "−1.25", "0.0", "1.00"]);
  });

  it("has its place in the question, which stays as it was", () => {
    const patch = { psi: 1, seed: 3, sliders: { Rate: 2 } };
    expect(placed(patch, { psi: 0.5, "sliders.Bright": -1, "sliders.Rate": 0 })).toEqual({ psi: 0.5, seed: 3, sliders: { Rate: 0, Bright: -1 } });
    expect(patch).toEqual({ psi: 1, seed: 3, sliders: { Rate: 2 } });
  });
});

const length: Control = {
  ...bright, name: "length", low: 0.05, high: 60, step: 0.01, value: 2, home: 2, unit: "s", even: false, learnt: true,
};

describe("a control of seconds", () => {
  it("has the same ratio in every part of its way", () => {
    expect(valueAt(length, 0.5) ** 2).toBeCloseTo(0.05 * 60);
    for (const value of [0.05, 0.3, 2, 60]) expect(valueAt(length, fraction(length, value))).toBeCloseTo(value);
    expect(dragged(length, 0.05, 0.5, false)).toBeCloseTo(valueAt(length, 0.5));
  });

  it("is told and typed with its unit", () => {
    expect(told(length, 2)).toBe("2.00 s");
    expect([typed(length, "2,5 s"), typed(length, "3")]).toEqual([2.5, 3]);
  });

  it("leaves its value to the model at home", () => {
    const banks = [{ controls: [length, bright], switches: [{ name: "start", home: true, learnt: true }] }] as unknown as Bank[];
    expect(learntOf(banks)).toEqual({ length: 2, start: true, strokes: "", lanes: "" });
    const body = { length: null, start: null, psi: 1 };
    expect(placed(body, { length: 3, start: false }, learntOf(banks))).toEqual({ length: 3, start: false, psi: 1 });
    expect(placed({ ...body, length: 3 }, { length: 2, start: true }, learntOf(banks))).toEqual(body);
  });
});

describe("a question", () => {
  it("draws from a new seed, not from the latent of the old", () => {
    expect(placed({ seed: 1, latent: [1, 2] }, { seed: 5 })).toEqual({ seed: 5, latent: null });
    expect(placed({ seed: 1, latent: [1, 2] }, { psi: 0.5 })).toEqual({ seed: 1, latent: [1, 2], psi: 0.5 });
  });

  it("is spelled alike in any order, with or without sliders that stand at zero", () => {
    const one = { seed: 1, sliders: { A: 0, B: 1, C: 2 }, psi: 1 };
    expect(spelled(one)).toBe(spelled({ psi: 1.0, sliders: { C: 2, B: 1 }, seed: 1 }));
    expect(spelled(one)).not.toBe(spelled({ ...one, sliders: { B: 1, C: 2.5 } }));
    expect(spelled({ latent: [0, 1] })).not.toBe(spelled({ latent: [1, 0] }));
  });
});

describe("chance", () => {
  const named = ["sliders.A", "sliders.B", "psi"].map((name) => ({ ...bright, name }));
  it("moves directions alone, around where they are, but for those that are locked", () => {
    expect(directions(named).map(({ name }) => name)).toEqual(["sliders.A", "sliders.B"]);
    const draws = [0.5, 0, 0.5, 0.5]; // cosines of 1 and of -1
    const moved = varied(directions(named), { "sliders.A": 1, "sliders.B": 4.9 }, new Set(), 2, () => draws.shift()!);
    const size = 2 * Math.sqrt(2 * Math.log(2));
    expect(moved).toEqual({ "sliders.A": Number((1 + size).toFixed(1)), "sliders.B": Number((4.9 - size).toFixed(1)) });
    expect(Object.keys(varied(directions(named), { "sliders.A": 1, "sliders.B": 2 }, new Set(["sliders.A"]), 1))).toEqual(["sliders.B"]);
  });

  it("is as wide as the amount", () => {
    const many = Array.from({ length: 4000 }, () => Number(varied([bright], { [bright.name]: 0 }, new Set(), 1)[bright.name]));
    const spread = Math.sqrt(many.reduce((sum, value) => sum + value ** 2, 0) / many.length);
    expect(spread).toBeGreaterThan(0.93);
    expect(spread).toBeLessThan(1.07);
  });
});
