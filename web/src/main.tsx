// What Streamlit mounts: one React root for each place on a page.

import { createRoot, type Root } from "react-dom/client";
import { decodeMessage } from "./frame";
import { Instrument, type Meta } from "./Instrument";
import style from "./style.css?inline";

interface Mounted {
  data: Uint8Array;
  parentElement: HTMLElement | ShadowRoot;
  setStateValue: (name: string, value: unknown) => void;
}

const roots = new WeakMap<Node, Root>();

/** Called at first and after every message of Python's. */
export function mount({ data, parentElement, setStateValue }: Mounted): void {
  const { meta, frame } = decodeMessage<Meta>(data);
  let root = roots.get(parentElement);
  if (!root) {
    const sheet = document.createElement("style");
    sheet.textContent = style;
    const place = document.createElement("div");
    parentElement.replaceChildren(sheet, place);
    root = createRoot(place);
    roots.set(parentElement, root);
  }
  root.render(<Instrument meta={meta} frame={frame} tell={(said) => setStateValue("said", said)} />);
}

export function unmount(parentElement: Node): void {
  roots.get(parentElement)?.unmount();
  roots.delete(parentElement);
}
