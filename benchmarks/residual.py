"""What Match keeps beside the latent: `python -m benchmarks.residual MODEL=DATA ... [--count 60]`.

Valid clips, evenly from the categories, are encoded; what is played with and without the residual is compared with the
recording, beside the recording through codec and decoder, whose maps are the recording's own picture. LPIPS; and the
level's mean distance over 4 x 4 cells of the spectrogram, 60 dB deep, as the page Match shows it. Means over clips.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from synth.audio.decoder import decode
from synth.audio.maps import Maps
from synth.instruments.style import StyleInstrument
from synth.models.perceptual import Perceptual
from synth.patch.patch import Patch
from synth.publishing.tables import table
from synth.recordings.dataset import load_clips
from synth.sound.difference import difference
from synth.sound.sound import Sound


def spread_evenly(labels: np.ndarray, count: int) -> np.ndarray:
    """Indices of `count` clips, one of each category in turn."""
    turns = np.zeros(len(labels))
    for category in np.unique(labels):
        turns[labels == category] = np.arange((labels == category).sum())
    return np.argsort(turns, kind="stable")[:count]


class Bench:
    """A model, and how near a sound is to a recording."""

    def __init__(self, model: str):
        self.instrument = StyleInstrument.load(model, "cpu")
        self.codec, self.perceptual = self.instrument.codec, Perceptual.load()

    def apart(self, made: np.ndarray, sound: Sound) -> tuple[float, float]:
        """LPIPS and dB between samples (n,) and a recording."""
        both = made, sound.samples[0]
        tensors = [self.codec.encode(torch.from_numpy(x)[None]) for x in both]
        apart = difference(sound, Sound(made[None], sound.sample_rate)).decibels
        return self.perceptual.distance(*tensors).item(), apart

    def row(self, samples: np.ndarray) -> list[float]:
        """Of a recording: without, with, and through codec and decoder; then the characters of the residual."""
        sound = Sound(samples[None], self.codec.sample_rate)
        bare = Patch(self.instrument.card.id, latent=self.instrument.encode(sound), start=False, lufs=None)
        whole = self.instrument.completed(bare, sound)
        picture = self.codec.encode(torch.from_numpy(samples)[None])[0]
        through = decode(Maps.of(self.codec, picture, torch.zeros_like(picture)), 0)
        found = [self.apart(self.instrument.render(patch).samples[0], sound) for patch in (bare, whole)]
        return [*np.ravel([*found, self.apart(through, sound)]), float(len(whole.residual or ""))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", metavar="MODEL=DATA", help="a model and what it learnt from")
    parser.add_argument("--count", type=int, default=60, help="clips of each model")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for pair in options.pairs:
        model, _, data = pair.partition("=")
        bench = Bench(model)
        clips = load_clips(Path(data), "valid", bench.codec.sample_rate, bench.codec.samples)
        chosen = spread_evenly(clips.labels.numpy(), options.count)
        figures = np.mean([bench.row(clips.waveforms()[i].numpy()) for i in chosen], axis=0)
        for i, words in enumerate(("the latent alone", "with the residual", "the recording through codec and decoder")):
            rows.append([model, words, float(figures[2 * i]), float(figures[2 * i + 1]), len(chosen)])
        print(f"{model}: {figures[-1]:.0f} characters of a residual", flush=True)
    print("\n".join(table(["model", "match", "LPIPS", "level, dB", "clips"], rows)))


if __name__ == "__main__":
    main()
