"""Latents as short text: what is lost, and that nothing is lost twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.patch import compact


def like_w_plus(rows: int, width: int, seed: int, apart: float = 0.25) -> tuple[float, ...]:
    """Rows that have most in common, as an encoder's have."""
    rng = np.random.default_rng(seed)
    common, own = rng.standard_normal(width), rng.standard_normal((rows, width))
    return tuple((common + apart * own).astype(np.float32).ravel().tolist())


def size(values) -> float:
    return float(np.sqrt(np.square(values).mean()))


@pytest.mark.parametrize(("rows", "width"), [(10, 512), (14, 512), (2, 64), (1, 512)])
def test_what_is_lost_is_less_than_a_step(rows, width):
    latent = like_w_plus(rows, width, rows)
    apart = np.reshape(np.subtract(compact.kept(latent), latent), (rows, width))
    unit = size(latent) * 2 ** (0.5 / compact.PER_OCTAVE)
    assert abs(apart[-1]).max() <= 0.5 * compact.FINE * unit + 1e-6
    assert size(apart[:-1]) <= compact.COARSE * unit / np.sqrt(12) * 1.3 if rows > 1 else True


def test_a_latent_of_ten_rows_is_a_tenth_as_long_as_its_numbers():
    assert len(compact.written(like_w_plus(10, 512, 0))) < 3000
    assert len(compact.written(like_w_plus(1, 512, 0))) < 600


@given(st.integers(0, 10**6), st.sampled_from([(3, 64), (6, 16), (1, 70), (4, 100)]), st.floats(1e-4, 1e4))
@settings(max_examples=40, deadline=None)
def test_what_is_kept_is_kept_without_loss(seed, shape, scale):
    rng = np.random.default_rng(seed)
    latent = tuple((scale * rng.standard_normal(shape) ** 3).astype(np.float32).ravel().tolist())
    kept = compact.kept(latent)
    assert compact.kept(kept) == kept
    assert compact.read(compact.written(kept)) == kept


@pytest.mark.parametrize("latent", [(0.0,) * 100, (1e6,) * 100, (0.0,) * 99 + (1e6,), (1e-9, -1.0) * 60])
def test_latents_at_the_ends(latent):
    kept = compact.kept(latent)
    assert compact.kept(kept) == kept and abs(np.array(kept)).max() <= 1e6
    assert abs(np.subtract(kept, latent)).max() <= max(size(latent), 1e-6)


def test_one_that_is_too_long_is_left_as_it_is():
    latent = (0.5,) * (compact.MOST + 1)
    assert compact.kept(latent) is latent


def test_any_changed_sign_is_noticed():
    text = compact.written(like_w_plus(2, 64, 0))
    for at in range(1, len(text) - 1, 7):
        other = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(ValueError, match=r"shape|altered"):
            compact.read(other)
