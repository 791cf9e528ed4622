// The keys of the computer as a piano: the middle row is white, the row above black. By place, whatever is printed there.

const ROW = "AWSEDFTGYHUJKOLP".split("").map((letter) => `Key${letter}`);
const SEMITONES = new Map([...ROW, "Semicolon"].map((code, i) => [code, i]));
export const VELOCITY = 100;

/** Semitones above the lowest key, or null where a key is none of the piano. */
export function semitonesOf(code: string): number | null {
  return SEMITONES.get(code) ?? null;
}

/** Octaves that a key moves the piano by. */
export function octavesOf(code: string): number {
  return code === "Comma" ? -1 : code === "Period" ? 1 : 0;
}
