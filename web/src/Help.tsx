// What the hands can do, as a dialog.

import { useEffect, useRef } from "react";
import { SHORTCUTS } from "./keys";

const HANDS = [
  ["K", "Keep the sound in the library; once more, and it is out again"],
  ["Drag", "Move a slider and hear it; with Shift, finely"],
  ["Double-click", "A slider back to its middle"],
  ["Arrows", "One step; with Shift, a tenth; Page Up and Down, ten"],
  ["Home, End, Delete", "Lowest, highest, back to the middle"],
  ["Enter", "Type a value"],
  ["Click on the picture", "Move the playhead"],
  ["Ctrl + wheel", "Zoom in time; with Shift, in frequency"],
  ["Drag the kHz", "Move along the frequencies; a double-click shows all of them"],
];

export function Help({ open, close }: { open: boolean; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !dialog.current!.open) dialog.current!.showModal();
    if (!open) dialog.current!.close();
  }, [open]);
  return (
    <dialog ref={dialog} className="help" aria-label="Keys and gestures" onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <div>
        <h2>Keys and gestures</h2>
        <dl>
          {[...SHORTCUTS.map(({ shown, does }) => [shown, does]), ...HANDS].map(([what, does]) => (
            <div key={what}>
              <dt><kbd>{what}</kbd></dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <button className="plain" onClick={close}>Close</button>
      </div>
    </dialog>
  );
}
