"""The decoder's controls on drawn sounds: `python -m benchmarks.controls [--count 50] [--models ...]`.

Per model, medians and worst cases over so many sounds:

- pitch: how far the centroid of the spectrum (log frequency, of what both sounds can hold) moves;
- stretch: how far the centroid in time moves, and how far that of the spectrum does;
- width: correlation of both channels, level of the mono sum beside the mono sound, true peak;
- loop: jump, flux and level at the seam, as quantiles of what the same loop has everywhere else.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import replace

import numpy as np

from synth.audio.loudness import true_peak
from synth.instruments.loading import load
from synth.patch.patch import Patch
from synth.sound.sound import Sound

QUIET = -50.0  # LUFS, which no ceiling holds back


def spectrum(sound: Sound) -> np.ndarray:
    power: np.ndarray = np.abs(np.fft.rfft(sound.samples.mean(0))) ** 2
    return power


def octave(sound: Sound, low: float, high: float) -> float:
    """Centroid of the power between two frequencies, in octaves above 1 Hz."""
    power = spectrum(sound)
    hertz = np.fft.rfftfreq(sound.samples.shape[1], 1.0 / sound.sample_rate)
    inside = (hertz >= low) & (hertz <= high)
    return float((power[inside] * np.log2(hertz[inside])).sum() / power[inside].sum())


def middle(sound: Sound) -> float:
    """Centroid of the energy in time, s."""
    energy = (sound.samples**2).sum(0)
    return float((energy * np.arange(energy.size)).sum() / energy.sum() / sound.sample_rate)


def level(samples: np.ndarray) -> float:
    return 20.0 * float(np.log10(np.sqrt((samples**2).mean()) + 1e-12))


def seam(sound: Sound) -> tuple[float, float, float]:
    """Quantiles of jump, flux and level at the seam among those of the whole loop."""
    wave = sound.samples.mean(0)
    jumps = np.abs(np.diff(np.r_[wave, wave[0]]))
    size, hop = 512, 128
    turned = np.roll(wave, wave.size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(turned, size)[::hop] * np.hanning(size)
    found = np.abs(np.fft.rfft(frames))
    flux = np.maximum(np.diff(found, axis=0), 0.0).sum(1)
    levels = found.sum(1)
    at = (wave.size // 2 - size // 2) // hop
    return (
        float((jumps[:-1] <= jumps[-1]).mean()),
        float((flux <= flux[max(at - 2, 0) : at + 3].max()).mean()),
        float((levels <= levels[at]).mean()),
    )


def told(name: str, values: list[float], unit: str = "") -> None:
    print(
        f"  {name}: median {statistics.median(values):.3f}, {min(values):.3f} to {max(values):.3f} {unit}", flush=True
    )


def measure(model: str, count: int) -> None:
    instrument = load(model, "cpu")
    names = instrument.card.categories
    patches = [Patch(model, names[i % len(names)], i, lufs=QUIET, start=False) for i in range(count)]
    plain = [instrument.render(p) for p in patches]
    print(f"{model}, {count} sounds")
    for semitones in (-12.0, 7.0):
        ratio = 2.0 ** (semitones / 12.0)
        low, high = 40.0, instrument.codec.sample_rate / 2.0 / max(ratio, 1.0) * 0.95
        moved = [
            octave(instrument.render(replace(p, pitch=semitones)), low * ratio, high * ratio) - octave(s, low, high)
            for p, s in zip(patches, plain, strict=True)
        ]
        told(f"pitch {semitones:+g}: semitones moved", [12.0 * m for m in moved])
    for stretch in (0.5, 2.0):
        longer = [instrument.render(replace(p, stretch=stretch)) for p in patches]
        told(f"stretch {stretch:g}: of time", [middle(a) / middle(b) for a, b in zip(longer, plain, strict=True)])
        band = 40.0, instrument.codec.sample_rate / 2.0
        told(
            f"stretch {stretch:g}: semitones moved",
            [12.0 * (octave(a, *band) - octave(b, *band)) for a, b in zip(longer, plain, strict=True)],
        )
    wide = [instrument.render(replace(p, width=1.0)) for p in patches]
    told("width 1: correlation", [float(np.corrcoef(s.samples)[0, 1]) for s in wide])
    told(
        "width 1: mono sum beside mono",
        [level(a.samples.mean(0)) - level(b.samples) for a, b in zip(wide, plain, strict=True)],
        "dB",
    )
    told(
        "width 1: true peak at the ceiling",
        [true_peak(instrument.render(replace(p, width=1.0, lufs=None)).samples) for p in patches],
    )
    seams = [seam(instrument.render(replace(p, loop=True))) for p in patches]
    for name, values in zip(("jump", "flux", "level"), zip(*seams, strict=True), strict=True):
        told(f"loop: quantile of the {name} at the seam", list(values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--models", nargs="+", default=["hits_scratches", "environmental"])
    options = parser.parse_args()
    for model in options.models:
        measure(model, options.count)


if __name__ == "__main__":
    main()
