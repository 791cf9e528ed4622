"""Mel codecs: scaling by a data set, decibels, resized pictures, and the way back to a linear spectrum."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from synth.audio.codecs import GaussianLogSTFT, LogMel, MelDecibels
from synth.audio.mel import fitted

SMALL = LogMel(length=512, hop=128, frames=40, mels=64)
DECIBELS = MelDecibels(length=512, hop=128, frames=40, mels=64)


def tone(level: float = 0.5, hz: float = 1000.0) -> torch.Tensor:
    """A steady tone with a little noise, as long as SMALL's sounds."""
    rng = np.random.default_rng(3)
    n = np.arange(SMALL.samples)
    return torch.from_numpy(level * (np.sin(2 * np.pi * hz / 22050 * n) + 0.01 * rng.standard_normal(len(n)))).float()


def test_the_reference_becomes_one_and_levels_are_kept() -> None:
    loudest = SMALL.mel(tone()).max().item()
    codec = LogMel(22050, 512, 128, 40, 64, reference=loudest)
    assert codec.encode(tone()).max().item() == pytest.approx(1.0, abs=1e-5)
    assert codec.encode(2.0 * tone()).max().item() == 1.0  # louder is clipped
    half = codec.encode(0.5 * tone()).max().item()
    assert half == pytest.approx(2.0 * np.log1p(500.0) / np.log1p(1000.0) - 1.0, abs=1e-4)
    decoded = codec.decode(codec.encode(0.5 * tone()))
    assert np.sqrt(np.mean(decoded**2)) == pytest.approx(0.25 / np.sqrt(2.0), rel=0.05)


def test_without_a_reference_every_clip_has_its_own() -> None:
    torch.testing.assert_close(SMALL.encode(tone()), SMALL.encode(0.1 * tone()), rtol=1e-4, atol=1e-4)


def test_a_data_set_gives_the_level_that_nineteen_of_twenty_stay_below() -> None:
    """The loudest bin grows with the level of a clip, so the reference is that of the 95th of a hundred levels."""
    levels = torch.linspace(0.01, 1.0, 101)
    clips = levels[torch.randperm(101, generator=torch.Generator().manual_seed(0))][:, None] * tone(1.0)
    codec = fitted(SMALL, clips)
    assert codec.reference == pytest.approx(levels[95].item() * SMALL.mel(tone(1.0)).max().item(), rel=1e-3)
    assert LogMel(22050, 512, 128, 40, 64) == SMALL and SMALL.reference == 0.0
    assert fitted(codec, clips) == codec


def test_silent_clips_do_not_count() -> None:
    clips = torch.stack([tone(), torch.zeros(SMALL.samples), torch.zeros(SMALL.samples)])
    assert fitted(SMALL, clips).reference == pytest.approx(fitted(SMALL, clips[:1]).reference)
    with pytest.raises(ValueError, match="silent"):
        fitted(SMALL, clips[1:])


@pytest.mark.parametrize("codec", [GaussianLogSTFT(), DECIBELS])
def test_other_codecs_need_no_fitting(codec: GaussianLogSTFT | MelDecibels) -> None:
    assert fitted(codec, tone()[None]) is codec


def test_decibels_are_those_of_the_power() -> None:
    """A tone that falls to a tenth of its level falls by 20 dB, a quarter of the way from +1 to -1."""
    half = DECIBELS.samples // 2
    x = tone()
    x[half:] *= 0.1
    picture = DECIBELS.encode(x)[0]
    band = picture[:, 10].argmax()
    assert picture[band, 10].item() == pytest.approx(1.0, abs=0.01)
    assert picture[band, 30].item() == pytest.approx(0.5, abs=0.01)
    assert DECIBELS.encode(torch.zeros(DECIBELS.samples)).eq(-1.0).all()


def test_tensors_come_back() -> None:
    """encode, decode, encode: what a generator's sound is analysed as is what the generator made, where it is loud."""
    for codec in (SMALL, fitted(SMALL, tone()[None]), DECIBELS):
        first = codec.encode(tone())
        again = codec.encode(torch.from_numpy(codec.decode(first)))
        loud = first > 0.2
        assert loud.any() and (again - first)[loud].abs().mean() < 0.05


def test_columns_resize_the_time_axis_and_back() -> None:
    narrow = MelDecibels(length=512, hop=128, frames=40, mels=64, columns=16)
    assert narrow.shape == (1, 64, 16)
    batch = torch.stack([tone(), tone(hz=3000.0)])
    assert narrow.encode(batch).shape == (2, 1, 64, 16)
    assert narrow.decode(narrow.encode(batch)).shape == (2, narrow.samples)
    # What is steady in time is the same at any width, away from the ends.
    torch.testing.assert_close(
        narrow.encode(tone())[0, 10:20, 8], DECIBELS.encode(tone())[0, 10:20, 20], atol=0.2, rtol=0
    )
    middle = narrow.magnitude(narrow.encode(tone()))[:, 20]
    assert middle.argmax() == round(1000.0 / 22050 * 512)


@pytest.mark.parametrize("codec", [SMALL, DECIBELS], ids=["LogMel", "MelDecibels"])
def test_the_inverse_of_the_bands_is_not_negative_and_meets_them(codec: LogMel | MelDecibels) -> None:
    y = codec.encode(tone())
    magnitude = codec.magnitude(y)
    linear = magnitude.square() if isinstance(codec, MelDecibels) else magnitude
    assert (magnitude >= 0.0).all()
    spectrum = codec.stft.forward(tone()).abs()
    wanted = codec.bands @ (spectrum.square() if isinstance(codec, MelDecibels) else spectrum)
    wanted = wanted / wanted.max()
    assert (codec.bands @ linear - wanted).norm() < 0.03 * wanted.norm()
