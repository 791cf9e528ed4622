// The binary frame of app/server/frames.py, and the message in which Python sends one beside its JSON.

export interface Frame {
  sequence: number;
  sampleRate: number;
  /** One array a channel, -1..1. */
  channels: Float32Array<ArrayBuffer>[];
  seconds: number;
  bins: number;
  frames: number;
  rangeDb: number;
  renderMs: number;
  /** Integrated loudness; NaN where it was not measured. */
  lufs: number;
  /** First sample and end of the part that repeats without a seam. */
  loop: [number, number] | null;
  /** Levels, bin after bin from 0 Hz to Nyquist, each from the first frame to the last. */
  levels: Uint8Array;
}

const MAGIC = 0x4d464e53; // "SNFM", little-endian

export function decodeFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 44 || view.getUint32(0, true) !== MAGIC || view.getUint16(4, true) !== 1) {
    throw new Error("The server sent something that is not a sound; reload the page.");
  }
  const samples = view.getUint32(16, true);
  const count = view.getUint16(20, true);
  const [bins, frames] = [view.getUint16(22, true), view.getUint16(24, true)];
  const pcm = view.getUint16(6, true);
  const picture = pcm + 2 * samples * count;
  if (bytes.byteLength < picture + bins * frames) throw new Error("The sound arrived cut short; reload the page.");
  // A copy begins where 16-bit numbers may; browsers run on little-endian machines only.
  const interleaved = new Int16Array(bytes.slice(pcm, picture).buffer);
  const channels = Array.from({ length: count }, (_, c) => unpacked(interleaved, c, count));
  const end = view.getUint32(40, true);
  const sampleRate = view.getUint32(12, true);
  return {
    sequence: view.getUint32(8, true),
    sampleRate,
    channels,
    seconds: samples / sampleRate,
    bins,
    frames,
    rangeDb: view.getUint16(26, true),
    renderMs: view.getFloat32(28, true),
    lufs: view.getFloat32(32, true),
    loop: end > 0 ? [view.getUint32(36, true), end] : null,
    levels: bytes.slice(picture, picture + bins * frames),
  };
}

/** One of `count` interleaved channels. */
function unpacked(interleaved: Int16Array, channel: number, count: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(interleaved.length / count);
  for (let i = 0; i < out.length; i++) out[i] = interleaved[i * count + channel]! / 32767;
  return out;
}

/** Length of the JSON (uint32), the JSON, then a frame, which may be missing. */
export function decodeMessage<Meta>(bytes: Uint8Array): { meta: Meta; frame: Frame | null } {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const meta = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Meta;
  const rest = bytes.subarray(4 + length);
  return { meta, frame: rest.byteLength ? decodeFrame(rest) : null };
}
