import { describe, expect, it } from "vitest";
import { decodeFrame, decodeMessage } from "../src/frame";
import { packed } from "./packed";

describe("a frame", () => {
  it("says what app/server/frames.py wrote, from any place in memory", () => {
    const bytes = packed({ samples: [0, 32767, -32767, 0], channels: 2, rate: 8000, sequence: 2 ** 32 - 1 });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const frame = decodeFrame(shifted.subarray(3));
    expect(frame.sequence).toBe(2 ** 32 - 1);
    expect(frame.channels.map((channel) => [...channel])).toEqual([[0, -1], [1, 0]]);
    expect(frame.seconds).toBe(2 / 8000);
    expect([frame.lufs, frame.loop]).toEqual([NaN, null]);
    const looped = decodeFrame(packed({ samples: [0, 1, 2, 3], lufs: -23.5, loop: [1, 4] }));
    expect([looped.lufs, looped.loop]).toEqual([-23.5, [1, 4]]);
    expect([...frame.levels]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([frame.bins, frame.frames, frame.rangeDb]).toEqual([2, 3, 80]);
  });

  it("refuses what is no frame, or half of one", () => {
    expect(() => decodeFrame(new Uint8Array(50))).toThrow("not a sound");
    const whole = packed({ samples: [1, 2, 3] });
    expect(() => decodeFrame(whole.subarray(0, whole.length - 1))).toThrow("cut short");
  });
});

describe("a message", () => {
  const wrap = (text: string, frame: Uint8Array) => {
    const json = new TextEncoder().encode(text);
    const bytes = new Uint8Array(4 + json.length + frame.length);
    new DataView(bytes.buffer).setUint32(0, json.length, true);
    bytes.set(json, 4);
    bytes.set(frame, 4 + json.length);
    return bytes;
  };

  it("is JSON and a frame, or JSON alone", () => {
    const { meta, frame } = decodeMessage<{ label: string }>(wrap('{"label":"Nähe"}', packed({ samples: [5] })));
    expect(meta.label).toBe("Nähe");
    expect(frame!.channels[0]).toHaveLength(1);
    expect(decodeMessage(wrap("{}", new Uint8Array())).frame).toBeNull();
  });
});
