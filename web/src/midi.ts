// MIDI input: what keyboards and knobs say, from all devices that there are, and those that are plugged in later.

/** What a hand does on keys, whichever keys they are. Notes are those of MIDI: 60 is the sound as it is. */
export type Gesture =
  | { kind: "on"; note: number; velocity: number }
  | { kind: "off"; note: number }
  | { kind: "bend"; semitones: number }
  | { kind: "sustain"; down: boolean }
  | { kind: "control"; number: number; share: number }
  | { kind: "silence" };

const BEND_SEMITONES = 2; // either way, as devices are set by default
const SUSTAIN = 64;
const ALL_OFF = [120, 123]; // all sound off, all notes off

const NO_MIDI = "This browser has no MIDI: use Chrome, Edge or Firefox, or play on the keys of the computer.";
const UNSAFE = "Browsers give MIDI to https and to localhost alone: open this page so, or play on the keys of the computer.";
const REFUSED = "MIDI is not allowed on this page: allow it in the browser's settings of the site.";

/** A message of MIDI 1.0, on any channel; null for one that is not for us, or broken. */
export function gestureOf(message: ArrayLike<number>): Gesture | null {
  const [status, one, two] = [message[0], message[1], message[2]];
  if (status === undefined || !isData(one) || !isData(two)) return null;
  const kind = status & 0xf0;
  if (kind === 0x90 && two > 0) return { kind: "on", note: one, velocity: two };
  if (kind === 0x80 || kind === 0x90) return { kind: "off", note: one };
  if (kind === 0xe0) return { kind: "bend", semitones: BEND_SEMITONES * bent(one + 128 * two) };
  if (kind !== 0xb0) return null;
  if (one === SUSTAIN) return { kind: "sustain", down: two >= 64 };
  return ALL_OFF.includes(one) ? { kind: "silence" } : { kind: "control", number: one, share: two / 127 };
}

function isData(byte: number | undefined): byte is number {
  return byte !== undefined && byte < 128;
}

/** -1..1 of 14 bits, whose middle is 8192. */
function bent(bits: number): number {
  return bits < 8192 ? bits / 8192 - 1 : (bits - 8192) / 8191;
}

/**
 * Hears all devices until the function that comes back is called. state: told in one sentence which there are, again
 * with every change; a device that goes ends all notes.
 */
export async function openMidi(hear: (gesture: Gesture) => void, state: (sentence: string) => void): Promise<() => void> {
  if (!navigator.requestMIDIAccess) {
    state(window.isSecureContext ? NO_MIDI : UNSAFE);
    return () => {};
  }
  let access: MIDIAccess;
  try {
    access = await navigator.requestMIDIAccess();
  } catch {
    state(REFUSED);
    return () => {};
  }
  const onMessage = ({ data }: MIDIMessageEvent) => {
    const gesture = data && gestureOf(data);
    if (gesture) hear(gesture);
  };
  const refresh = () => {
    const inputs = [...access.inputs.values()].filter((input) => input.state === "connected");
    for (const input of inputs) input.onmidimessage = onMessage;
    state(inputs.length ? `MIDI: ${inputs.map((input) => input.name ?? "a device").join(", ")}` : "No MIDI device is connected.");
  };
  access.onstatechange = ({ port }) => {
    if (port?.state === "disconnected") hear({ kind: "silence" });
    refresh();
  };
  refresh();
  return () => {
    access.onstatechange = null;
    for (const input of access.inputs.values()) input.onmidimessage = null;
  };
}
