// Frames as app/server/frames.py packs them, with a picture of 2 bins and 3 frames.

interface Parts {
  samples: number[];
  channels?: number;
  rate?: number;
  sequence?: number;
  lufs?: number;
  loop?: [number, number];
}

export function packed({ samples, channels = 1, rate = 16000, sequence = 0, lufs = NaN, loop = [0, 0] }: Parts): Uint8Array {
  const bytes = new Uint8Array(44 + 2 * samples.length + 6);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("SNFM"));
  view.setUint16(4, 1, true);
  view.setUint16(6, 44, true);
  view.setUint32(8, sequence, true);
  view.setUint32(12, rate, true);
  view.setUint32(16, samples.length / channels, true);
  [channels, 2, 3, 80].forEach((value, i) => view.setUint16(20 + 2 * i, value, true));
  view.setFloat32(28, 12.5, true);
  view.setFloat32(32, lufs, true);
  loop.forEach((edge, i) => view.setUint32(36 + 4 * i, edge, true));
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, sample, true));
  bytes.set([0, 1, 2, 3, 4, 5], 44 + 2 * samples.length);
  return bytes;
}
