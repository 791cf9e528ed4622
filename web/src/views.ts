// Which part of a sound a picture shows: of its time, and of its frequencies.

import { useCallback, useMemo, useState } from "react";
import { CLOSEST_KHZ, sees, whole, zoomed, type View } from "./axis";
import type { Frame } from "./frame";

export interface Views {
  view: View;
  setView: (view: View) => void;
  band: View;
  setBand: (band: View) => void;
  /** Nearer by a factor, or further: around the playhead where that is in view. */
  zoomTime: (factor: number, playhead: number) => void;
  /** Nearer by a factor, or further: from the lowest frequency in view. */
  zoomBand: (factor: number) => void;
}

/** Both stay while sounds change, as long as these are of one length and rate. */
export function useViews(frame: Frame | null): Views {
  const [seconds, top] = [frame?.seconds ?? 1, frame ? frame.sampleRate / 2000 : 8];
  const [view, setView] = useView(seconds);
  const [band, setBand] = useView(top);
  return {
    view,
    setView,
    band,
    setBand,
    zoomTime: (factor, playhead) =>
      setView(zoomed(view, factor, sees(view, playhead) ? playhead : (view.from + view.to) / 2, seconds)),
    zoomBand: (factor) => setBand(zoomed(band, factor, band.from, top, CLOSEST_KHZ)),
  };
}

// Made anew only when they change: with every picture of them the whole sound would be painted again.
function useView(end: number): [View, (view: View) => void] {
  const [zoom, setZoom] = useState<{ view: View; end: number } | null>(null);
  const view = useMemo(() => (zoom?.end === end ? zoom.view : whole(end)), [zoom, end]);
  return [view, useCallback((next: View) => setZoom({ view: next, end }), [end])];
}
