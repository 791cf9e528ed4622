// What is worked out from the samples of a sound: its outline, and where it can no longer be heard.

export interface Outline {
  low: Float32Array;
  high: Float32Array;
}

/** Least and greatest sample of each of `points` equal parts of the samples from `from` to `to` (fractions of all). */
export function outline(samples: Float32Array, points: number, from = 0, to = 1): Outline {
  const [low, high] = [new Float32Array(points), new Float32Array(points)];
  const start = from * samples.length;
  const step = ((to - from) * samples.length) / points;
  for (let p = 0; p < points; p++) {
    const first = Math.min(Math.floor(start + p * step), samples.length - 1);
    const last = Math.max(Math.min(Math.ceil(start + (p + 1) * step), samples.length), first + 1);
    let [least, most] = [1, -1];
    for (let i = first; i < last; i++) {
      const sample = samples[i]!;
      if (sample < least) least = sample;
      if (sample > most) most = sample;
    }
    [low[p], high[p]] = [least, most];
  }
  return { low, high };
}

/** Samples until the last one within `rangeDb` of the peak; all of them where there is no peak. */
export function audible(channels: Float32Array[], rangeDb = 50): number {
  const peak = Math.max(...channels.map(loudest));
  const floor = peak * 10 ** (-rangeDb / 20);
  const length = channels[0]?.length ?? 0;
  return peak > 0 ? Math.max(...channels.map((channel) => lastAbove(channel, floor) + 1)) : length;
}

/** Greatest magnitude. */
export function loudest(samples: Float32Array): number {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const size = Math.abs(samples[i]!);
    if (size > peak) peak = size;
  }
  return peak;
}

/** Index of the last sample of at least this magnitude, -1 where there is none. */
function lastAbove(samples: Float32Array, floor: number): number {
  let i = samples.length - 1;
  while (i >= 0 && Math.abs(samples[i]!) < floor) i--;
  return i;
}
