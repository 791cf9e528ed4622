import numpy as np
import pytest
import torch

from synth.models.perceptual import Perceptual
from synth.models.stylegan2 import Generator
from synth.recipes.presets import preset
from synth.scoring.reconstruction import levels, likeness, make

CONFIG = preset("tiny")


def recordings() -> torch.Tensor:
    return torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_the_same_is_at_no_distance() -> None:
    x = recordings()
    same = likeness(CONFIG, x, x, x, Perceptual.load())
    assert (same.spectrum_db, same.envelope_db, same.lpips) == (0.0, 0.0, 0.0)


def test_errors_are_in_decibels() -> None:
    """One unit of a tensor is 40 dB; a sound that is quieter all over differs in spectrum, not in envelope."""
    x = recordings() * 0.5
    quieter = likeness(CONFIG, x - 0.25, x - 0.25, x, Perceptual.load())
    assert quieter.spectrum_db == pytest.approx(10.0, abs=1e-3)
    assert quieter.envelope_db == pytest.approx(0.0, abs=1e-2)
    assert quieter.lpips > 0.0


def test_levels_are_energies_of_frames() -> None:
    x = torch.full((1, 1, 32, 32), -1.0)
    x[..., 0] = 1.0
    x[..., 1] = 0.5  # 20 dB below
    assert levels(CONFIG, x)[0, :3].tolist() == pytest.approx([0.0, -20.0, -60.0])


def test_latents_are_made_into_sounds_repeatably() -> None:
    torch.manual_seed(0)
    generator = Generator(CONFIG.generator).eval()
    ws = torch.randn(3, CONFIG.generator.num_ws, CONFIG.generator.w_dim)
    mean, whole = make(generator, CONFIG, ws, seed=1, chunk=2)
    assert mean.shape == whole.shape == (3, 1, 32, 32) and whole.abs().max() <= 1.0
    assert not torch.equal(mean, whole)
    np.testing.assert_array_equal(whole, make(generator, CONFIG, ws, seed=1, chunk=2)[1])
