import { describe, expect, it } from "vitest";
import { held, panned, ticks, whole, zoomed } from "../src/axis";
import { COLOUR_MAPS, palette } from "../src/colours";
import { commandOf } from "../src/keys";
import { warning } from "../src/Meter";
import { Outbox } from "../src/outbox";
import { audible, outline } from "../src/sound";

describe("the time axis", () => {
  it("zooms around a place, and never past the ends", () => {
    expect(zoomed(whole(2), 2, 1, 2)).toEqual({ from: 0.5, to: 1.5 });
    expect(zoomed(whole(2), 2, 0, 2)).toEqual({ from: 0, to: 1 });
    expect(zoomed({ from: 0.5, to: 1.5 }, 0.1, 1, 2)).toEqual(whole(2));
    expect(zoomed(whole(8), 1e6, 0, 8, 0.25)).toEqual({ from: 0, to: 0.25 });
    const close = zoomed(whole(2), 1e6, 1, 2);
    expect(close.to - close.from).toBeCloseTo(0.02);
    expect(panned({ from: 0.5, to: 1.5 }, 9, 2)).toEqual({ from: 1, to: 2 });
    expect(held({ from: -1, to: 0.5 }, 2)).toEqual({ from: 0, to: 1.5 });
  });

  it("has round values with labels of one length", () => {
    expect(ticks(0, 2.048, 9).map(({ label }) => label)).toEqual(["0.00", "0.25", "0.50", "0.75", "1.00", "1.25", "1.50", "1.75", "2.00"]);
    expect(ticks(0, 8, 9).map(({ label }) => label)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    expect(ticks(0.31, 0.352, 9).map(({ at }) => Number(at.toFixed(3)))).toEqual([0.31, 0.315, 0.32, 0.325, 0.33, 0.335, 0.34, 0.345, 0.35]);
  });
});

describe("colour maps", () => {
  it("grow lighter all the way, so that they can be read without colours", () => {
    const light = (pixel: number) => 0.299 * (pixel & 255) + 0.587 * ((pixel >> 8) & 255) + 0.114 * ((pixel >> 16) & 255);
    for (const name of COLOUR_MAPS) {
      const steps = [...palette(name)].map(light);
      expect(steps).toHaveLength(256);
      steps.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(steps[i]! - 0.5));
      expect(steps.at(-1)! - steps[0]!).toBeGreaterThan(120);
    }
    expect(palette("grey")[255]).toBe(0xffffffff);
  });
});

describe("keys", () => {
  const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  const focused = (match: string) => ({ closest: (selectors: string) => (selectors.includes(match) ? {} : null) }) as unknown as Element;

  it("are commands", () => {
    expect(["z", " ", "a", "B", "r", "s", "?", "x"].map((key) => commandOf(press(key), null)))
      .toEqual(["undo", "play", "slot A", "slot B", "seed", "save", "help", null]);
    expect(commandOf(press("Z", { shiftKey: true }), null)).toBe("redo");
    expect(commandOf(press("Z"), null)).toBe("undo");
  });

  it("are left alone with Ctrl, in text, and where space presses a button", () => {
    expect(commandOf(press("z", { ctrlKey: true }), null)).toBeNull();
    expect(commandOf(press("s"), focused("input"))).toBeNull();
    expect(commandOf(press(" "), focused("button"))).toBeNull();
    expect(commandOf(press("s"), focused("button"))).toBe("save");
  });
});

describe("the outbox", () => {
  it("repeats what was not heard, under the same number", () => {
    const box = new Outbox();
    box.say("set", { psi: 1 });
    expect(box.say("undo").map(({ n, name }) => [n, name])).toEqual([[1, "set"], [2, "undo"]]);
    box.heard(1);
    expect(box.say("redo").map(({ n }) => n)).toEqual([2, 3]);
    box.heard(3);
    expect(box.empty).toBe(true);
  });

  it("goes on from where Python was, also on a page that was opened again", () => {
    const box = new Outbox();
    box.heard(7);
    expect(box.say("undo")[0]!.n).toBe(8);
  });
});

describe("the meter", () => {
  it("tells of a sound that can hardly be heard", () => {
    expect([-18, -40, -40.6, -60, -Infinity, NaN].map(warning)).toEqual(["", "", "Quiet: −41 LUFS", "Quiet: −60 LUFS", "Silent", ""]);
  });
});

describe("a sound", () => {
  it("has an outline of any part", () => {
    const { low, high } = outline(Float32Array.of(0, 0.5, -0.25, 0.125), 2, 0.5, 1);
    expect([[...low], [...high]]).toEqual([[-0.25, 0.125], [-0.25, 0.125]]);
  });

  it("is heard until it has fallen by 50 dB; silence has its full length", () => {
    expect(audible([Float32Array.of(1, 0.01, 0.001, 0.001)])).toBe(2);
    expect(audible([new Float32Array(5)])).toBe(5);
  });
});
