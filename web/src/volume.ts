// How loud the player is, 0 to 1, in this browser on every page. Files and measured levels know nothing of it.

const KEY = "sonoform.volume";

export function keptVolume(): number {
  try {
    const kept = Number(localStorage.getItem(KEY) ?? 1);
    return kept >= 0 && kept <= 1 ? kept : 1; // NaN is in no range
  } catch {
    return 1; // a browser that keeps nothing
  }
}

export function keepVolume(volume: number): void {
  try {
    localStorage.setItem(KEY, String(volume));
  } catch {
    // it lasts as long as the page then
  }
}

/** The gain of a volume: its square, so that half of the way sounds half as loud (-12 dB). */
export function gainOf(volume: number): number {
  return volume * volume;
}
