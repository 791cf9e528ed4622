// What Streamlit mounts: one React root for each place on a page.

import { createRoot, type Root } from "react-dom/client";
import { decodeMessage } from "./frame";
import type { ReactNode } from "react";
import { Instrument, type Meta } from "./Instrument";
import { Part, type Told as Recording } from "./Part";
import { Player, type Told } from "./Player";
import style from "./style.css?inline";

interface Mounted {
  data: Uint8Array;
  parentElement: HTMLElement | ShadowRoot;
  setStateValue: (name: string, value: unknown) => void;
}

const roots = new WeakMap<Node, Root>();

type Say = (name: string, value: unknown) => void;

// Each is called at first and after every message of Python's.

export function mountInstrument(mounted: Mounted): void {
  const { meta, frame } = decodeMessage<Meta>(mounted.data);
  show(mounted, (say) => <Instrument meta={meta} frame={frame} tell={(said) => say("said", said)} />);
}

export function mountPlayer(mounted: Mounted): void {
  const { meta, frame } = decodeMessage<Told>(mounted.data);
  show(mounted, () => frame && <Player told={meta} frame={frame} />);
}

export function mountPart(mounted: Mounted): void {
  const { meta } = decodeMessage<Recording>(mounted.data);
  show(mounted, (say) => <Part told={meta} choose={(start) => say("start", start)} />);
}

function show({ parentElement, setStateValue }: Mounted, drawn: (say: Say) => ReactNode): void {
  let root = roots.get(parentElement);
  if (!root) {
    const sheet = document.createElement("style");
    sheet.textContent = style;
    const place = document.createElement("div");
    parentElement.replaceChildren(sheet, place);
    root = createRoot(place);
    roots.set(parentElement, root);
  }
  root.render(drawn(setStateValue));
}

export function unmount(parentElement: Node): void {
  roots.get(parentElement)?.unmount();
  roots.delete(parentElement);
}
