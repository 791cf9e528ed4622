"""What a model cannot make of a sound, as a few spectra and envelopes: small enough to be part of a patch. No torch.

A picture of any sound is nearly a sum of a dozen products of a spectrum and an envelope (docs/sound.md has the
figures). The residual is such a sum, added to the maps that the model draws: some products to the mean level, in dB,
others to the gate, which says how much of a bin is noise. Both factors have eight bits a value.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

MAX_TEXT = 16000  # characters
_HEAD = struct.Struct("<BBHH")  # products of the mean, of the gate; bins; frames
_STEPS = 127.0
_LOUDEST = 1e4  # of a product: far beyond any level in dB


@dataclass(frozen=True, eq=False)
class Products:
    """A sum of K products: spectra (K, F) and envelopes (K, T) in -127..127, scales (K,) of the products."""

    spectra: np.ndarray
    envelopes: np.ndarray
    scales: np.ndarray

    @classmethod
    def of(cls, spectra: np.ndarray, envelopes: np.ndarray) -> Products:
        """Of real factors, rounded to eight bits."""
        tops = [np.maximum(np.abs(x).max(axis=1, keepdims=True), 1e-9) for x in (spectra, envelopes)]
        rounded = [
            np.round(x / top * _STEPS).astype(np.int8) for x, top in zip((spectra, envelopes), tops, strict=True)
        ]
        return cls(rounded[0], rounded[1], (tops[0] * tops[1])[:, 0].clip(0.0, _LOUDEST).astype("<f4"))

    @property
    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Spectra (K, F) with the scales in them and envelopes (K, T), float32."""
        scaled = self.spectra * (self.scales / np.float32(_STEPS**2))[:, None]
        return scaled.astype(np.float32), self.envelopes.astype(np.float32)

    def map(self) -> np.ndarray:
        """(F, T) float32."""
        spectra, envelopes = self.factors
        return np.asarray(spectra.T @ envelopes)


@dataclass(frozen=True, eq=False)
class Residual:
    """Products that are added to the mean, in dB, and to the gate, both (F, T)."""

    mean: Products
    gate: Products

    @property
    def shape(self) -> tuple[int, int]:
        return self.mean.spectra.shape[1], self.mean.envelopes.shape[1]

    def to_text(self) -> str:
        """Base64 of a head, and of a scale, a spectrum and an envelope for each product."""
        parts = [_HEAD.pack(len(self.mean.scales), len(self.gate.scales), *self.shape)]
        for products in (self.mean, self.gate):
            for scale, spectrum, envelope in zip(products.scales, products.spectra, products.envelopes, strict=True):
                parts += [scale.astype("<f4").tobytes(), spectrum.tobytes(), envelope.tobytes()]
        return base64.urlsafe_b64encode(b"".join(parts)).decode().rstrip("=")

    @classmethod
    def from_text(cls, text: str) -> Residual:
        """The inverse of `to_text`; raises ValueError for what is none."""
        if len(text) > MAX_TEXT:
            raise ValueError(f"is longer than {MAX_TEXT} characters")
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise ValueError("is not base64") from None
        if len(packed) < _HEAD.size:
            raise ValueError("is too short")
        of_mean, of_gate, bins, frames = _HEAD.unpack_from(packed)
        if not bins or not frames or len(packed) != _HEAD.size + (of_mean + of_gate) * (4 + bins + frames):
            raise ValueError("is not as long as it says")
        kind = np.dtype([("scale", "<f4"), ("spectrum", np.int8, (bins,)), ("envelope", np.int8, (frames,))])
        rows = np.frombuffer(packed, kind, offset=_HEAD.size)
        scales = rows["scale"]
        if not (np.isfinite(scales) & (np.abs(scales) <= _LOUDEST)).all():
            raise ValueError("holds a scale that is out of range")
        split = [Products(r["spectrum"], r["envelope"], r["scale"]) for r in (rows[:of_mean], rows[of_mean:])]
        return cls(*split)


def most_products(bins: int, frames: int) -> int:
    """How many fit into a patch."""
    return (MAX_TEXT * 3 // 4 - _HEAD.size) // (4 + bins + frames)


@lru_cache(maxsize=64)
def read(text: str) -> Residual:
    """The residual of a patch, whose text was checked; the same one is asked for at every position of a slider."""
    return Residual.from_text(text)


def factorised(pairs: Sequence[tuple[np.ndarray, np.ndarray]], rank: int) -> Products:
    """The sum of maps, given as factors (K_i, F) and (K_i, T), as `rank` products at most: their singular vectors."""
    spectra, envelopes = (np.concatenate(side).astype(np.float64) for side in zip(*pairs, strict=True))
    left, over = np.linalg.qr(spectra.T)
    right, under = np.linalg.qr(envelopes.T)
    u, s, v = np.linalg.svd(over @ under.T)
    kept = min(rank, int((s > 1e-6).sum()))
    root = np.sqrt(s[:kept])
    return Products.of((left @ (u[:, :kept] * root)).T, (right @ (v[:kept].T * root)).T)


def blended(residuals: Sequence[tuple[Residual, float]]) -> Residual:
    """The weighted sum of residuals of one shape, of as many products as the largest of them has."""
    found = []
    for name in ("mean", "gate"):
        products = [(getattr(residual, name), weight) for residual, weight in residuals]
        pairs = [(weight * of.factors[0], of.factors[1]) for of, weight in products]
        found.append(factorised(pairs, max(len(of.scales) for of, _ in products)))
    return Residual(*found)


def mixed(parts: Sequence[tuple[tuple[Residual, float] | None, float]]) -> Residual | None:
    """The blend of residuals, each heard by an amount, with a weight; None where nothing is heard of any."""
    heard = [(part[0], part[1] * weight) for part, weight in parts if part and part[1] * weight]
    if len(heard) == 1 and heard[0][1] == 1.0:
        return heard[0][0]
    return blended(heard) if heard else None
