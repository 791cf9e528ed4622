"""How well a sound follows a recording that drives it, on recordings that no training used.

    python -m benchmarks.voice DATA [--model environmental] [--hits hits_scratches] [--count 40]

Recordings of the valid split, drawn at random; each drives a sound of the model of another category, by loudness
and brightness, and becomes a take of hits. Printed are the correlation over time of each descriptor of the sound
with that of the recording, measured alike, medians.
Then how many of its onsets are within 20 ms of one that is measured in the take, and CPU seconds.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from synth.instruments.loading import load
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.publishing.tables import table
from synth.recordings.dataset import scan
from synth.sound.sound import Sound
from synth.voice.driving import driven
from synth.voice.rhythm import take
from synth.voice.track import HZ, Track, track

NEAR_SECONDS = 0.02
PITCHED = 50  # moments
TARGETS = ("rain", "wind", "engine_train", "drone", "siren_horn")
HITS = ("wood_hit", "metal_hit", "drum_skin")


def followed(one: Track, other: Track, name: str) -> float:
    """Correlation of a descriptor over what both have; no number where that is too little."""
    n = min(len(one.loudness), len(other.loudness)) - 5
    a, b = (np.array(getattr(of, name)[:n], float) for of in (one, other))
    known = np.isfinite(a) & np.isfinite(b) & (one.heard[:n] | (name == "loudness"))
    varies = known.sum() >= PITCHED and min(a[known].std(), b[known].std()) > 1e-6
    return float(np.corrcoef(a[known], b[known])[0, 1]) if varies else np.nan


def met(asked: np.ndarray, found: np.ndarray) -> float:
    """Share of onsets that have one near."""
    return float((np.abs(asked[:, None] - found[None]).min(1) <= NEAR_SECONDS).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description="How well a sound follows a recording that drives it.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="environmental")
    parser.add_argument("--hits", default="hits_scratches")
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    entries = [entry for entry in scan(options.data) if entry.split == "valid"]
    order = np.random.default_rng(0).permutation(len(entries))[: options.count]
    instrument, hits = load(options.model, "cpu"), load(options.hits, "cpu")
    assert isinstance(instrument, StyleInstrument)
    rows: dict[str, list[float]] = {"loudness": [], "brightness": [], "onsets": [], "CPU s": []}
    for k, index in enumerate(order):
        sound = Sound.load(options.data / entries[index].file)
        voice = track(sound.samples.mean(0), sound.sample_rate, pitched=False)
        patch, begun = Patch(options.model, TARGETS[k % len(TARGETS)], seed=k), time.process_time()
        moved = driven(instrument, patch, voice, {"loudness": 1.0, "brightness": 1.0})
        rows["CPU s"].append(time.process_time() - begun)
        made = instrument.render(replace(moved, start=False, lufs=None))
        own = track(made.samples[0], made.sample_rate, pitched=False, cut=False)
        for name in ("loudness", "brightness"):
            rows[name].append(followed(voice, own, name))
        rhythm = take(hits, Patch(options.hits, HITS[k % len(HITS)], seed=k), voice)
        heard = track(rhythm.samples[0], rhythm.sample_rate, pitched=False, cut=False)
        rows["onsets"].append(met(voice.onsets, heard.onsets))
    medians = [[name, f"{np.nanmedian(of):.2f}", int(np.isfinite(of).sum())] for name, of in rows.items()]
    print("\n".join(table(["what", "median", "recordings"], medians)))
    print(f"\nof all onsets {np.mean(rows['onsets']):.2f} met, {HZ} values a second")


if __name__ == "__main__":
    main()
