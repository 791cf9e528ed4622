// The keyboard map of the whole instrument. Keys of a single slider are in controls.ts.

export const SHORTCUTS = [
  { key: " ", name: "play", shown: "Space", does: "Play or stop" },
  { key: "z", name: "undo", shown: "Z", does: "Undo" },
  { key: "Z", name: "redo", shown: "Shift + Z", does: "Redo" },
  { key: "a", name: "slot A", shown: "A", does: "The patch in slot A" },
  { key: "b", name: "slot B", shown: "B", does: "The patch in slot B, at first a copy to change and compare" },
  { key: "r", name: "seed", shown: "R", does: "A new random seed" },
  { key: "s", name: "save", shown: "S", does: "Save the sound as a WAV file" },
  { key: "l", name: "loop", shown: "L", does: "Loop on or off" },
  { key: "e", name: "endless", shown: "E", does: "Play without an end, or stop; for sounds that go on, such as rain" },
  { key: "m", name: "keys", shown: "M", does: "Play it on keys: of the computer (A to ;, with , and . for octaves), of MIDI or on the screen" },
  { key: "p", name: "paint", shown: "P", does: "Paint on the spectrogram: brush, eraser, areas, clone, smudge, fill" },
  { key: "c", name: "lanes", shown: "C", does: "Curves over time: loudness, brightness, pitch, width, stretch and every slider" },
  { key: "?", name: "help", shown: "?", does: "This list" },
] as const;

export type Command = (typeof SHORTCUTS)[number]["name"];

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** Whether a key is for the browser, or for what is being typed. */
export function isElsewhere(pressed: Omit<Pressed, "key" | "shiftKey">, target: Element | null): boolean {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return true;
  return !!target?.closest("input, textarea, select, [contenteditable], [role=dialog], dialog, [role=combobox]");
}

/** What a key asks for, or null. `target`: the element that has the focus. */
export function commandOf(pressed: Pressed, target: Element | null): Command | null {
  if (isElsewhere(pressed, target)) return null;
  // The space bar presses the button that has the focus.
  if (pressed.key === " " && target?.closest("button, a, summary, [role=button], [role=radio], [role=switch], [role=application]")) return null;
  const key = pressed.key.length === 1 && !(pressed.shiftKey && pressed.key === "Z") ? pressed.key.toLowerCase() : pressed.key;
  return SHORTCUTS.find((shortcut) => shortcut.key === key)?.name ?? null;
}
