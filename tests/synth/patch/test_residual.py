"""A residual as text: exact to its eight bits, small enough for a patch, refused where it is none."""

import base64
import struct

import numpy as np
import pytest

from synth.patch.residual import MAX_TEXT, Products, Residual, blended, factorised, most_products


def random_residual(seed: int, bins: int = 40, frames: int = 30) -> Residual:
    rng = np.random.default_rng(seed)
    sizes = ((5, 20.0), (2, 0.3))
    return Residual(
        *(Products.of(scale * rng.standard_normal((k, bins)), rng.standard_normal((k, frames))) for k, scale in sizes)
    )


def test_text_and_back_is_the_same_to_the_bit() -> None:
    residual = random_residual(0)
    again = Residual.from_text(residual.to_text())
    assert again.shape == (40, 30) and again.to_text() == residual.to_text()
    np.testing.assert_array_equal(again.mean.map(), residual.mean.map())
    np.testing.assert_array_equal(again.gate.map(), residual.gate.map())


def test_products_are_rounded_to_a_hundredth_of_their_loudest() -> None:
    rng = np.random.default_rng(1)
    spectra, envelopes = 30.0 * rng.standard_normal((3, 50)), rng.standard_normal((3, 60))
    exact = spectra.T @ envelopes
    error = np.abs(Products.of(spectra, envelopes).map() - exact)
    loudest = (np.abs(spectra).max(1) * np.abs(envelopes).max(1)).sum()
    assert error.max() < 0.01 * loudest
    assert (Products.of(np.zeros((1, 4)), np.zeros((1, 5))).map() == 0.0).all()


@pytest.mark.parametrize(("bins", "frames", "products"), [(256, 256, 23), (512, 256, 15), (1024, 345, 8)])
def test_as_many_products_as_fit_are_within_the_limit(bins: int, frames: int, products: int) -> None:
    assert most_products(bins, frames) == products
    rng = np.random.default_rng(0)
    full = Products.of(rng.standard_normal((products - 1, bins)), rng.standard_normal((products - 1, frames)))
    one = Products.of(rng.standard_normal((1, bins)), rng.standard_normal((1, frames)))
    text = Residual(full, one).to_text()
    assert len(text) <= MAX_TEXT and Residual.from_text(text).shape == (bins, frames)


def test_factors_are_the_largest_singular_vectors_of_the_sum() -> None:
    rng = np.random.default_rng(2)
    pairs = [(rng.standard_normal((4, 20)), rng.standard_normal((4, 30))) for _ in range(2)]
    whole = sum(s.T @ e for s, e in pairs)
    u, s, v = np.linalg.svd(whole)
    for rank in (3, 8):
        best = (u[:, :rank] * s[:rank]) @ v[:rank]
        assert np.abs(factorised(pairs, rank).map() - best).max() < 0.03 * np.abs(whole).max()


def test_a_blend_is_the_weighted_sum_and_no_larger() -> None:
    a, b = random_residual(3), random_residual(4)
    same = blended([(a, 0.25), (a, 0.5)])
    assert np.abs(same.mean.map() - 0.75 * a.mean.map()).max() < 0.02 * np.abs(a.mean.map()).max()
    both = blended([(a, 0.5), (b, 0.5)])
    assert len(both.mean.scales) == 5 and len(both.gate.scales) == 2 and len(both.to_text()) <= len(a.to_text())
    wanted = 0.5 * (a.mean.map() + b.mean.map())
    assert np.linalg.norm(both.mean.map() - wanted) < 0.6 * np.linalg.norm(wanted)


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), 1e9])
def test_scales_are_finite_and_in_range(scale: float) -> None:
    packed = struct.pack("<BBHHf", 1, 0, 2, 2, scale) + bytes(4)
    with pytest.raises(ValueError, match="out of range"):
        Residual.from_text(base64.urlsafe_b64encode(packed).decode().rstrip("="))
