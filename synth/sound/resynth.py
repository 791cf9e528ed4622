"""Analysis and resynthesis: what a codec and a phase method do to a recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from synth.audio.codecs import CODECS, AnyCodec, Waveform
from synth.audio.phase import spectral_convergence
from synth.audio.stft import STFT
from synth.choices import SEARCHES
from synth.errors import AudioError
from synth.sound.sound import Sound


def resynthesise(sound: Sound, codec_name: str = "GaussianLogSTFT", method: str = "pghi+gl") -> tuple[Sound, float]:
    """The whole sound through a codec and back: (Sound at the codec's rate and the old level, dB).

    dB: spectral convergence of what came back to the magnitude that the codec's tensor stands for, all channels
    together; for `Waveform` to the magnitude of the recording. Raises AudioError for an unknown codec or method.
    """
    if codec_name not in CODECS:
        raise AudioError(f"There is no codec {codec_name}; use {', '.join(CODECS)}.")
    if method not in SEARCHES:
        raise AudioError(f"There is no phase method {method}; use {', '.join(SEARCHES)}.")
    sound = sound.resampled(CODECS[codec_name]().sample_rate)
    n = sound.samples.shape[1]
    codec = _long_enough(codec_name, n)
    tensor = codec.encode(torch.from_numpy(sound.samples))
    decoded = codec.decode(tensor, method)
    convergence = _convergence(codec, decoded, tensor)
    return Sound(_at_level_of(sound.samples, decoded[:, :n]), sound.sample_rate), convergence


def _long_enough(name: str, n: int) -> AnyCodec:
    """The codec with as many frames as n samples take."""
    codec = CODECS[name]()
    if isinstance(codec, Waveform):
        return replace(codec, samples=n)
    return replace(codec, frames=codec.stft.frames(n))


def _convergence(codec: AnyCodec, decoded: np.ndarray, tensor: torch.Tensor) -> float:
    if isinstance(codec, Waveform):
        stft = STFT()
        return spectral_convergence(decoded, stft.forward(tensor.squeeze(-2)).abs(), stft)
    return spectral_convergence(decoded, codec.magnitude(tensor), codec.stft)


def _at_level_of(original: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Each channel (C, n) with the energy that it had before."""
    before, after = (np.sqrt(np.square(x, dtype=np.float64).sum(axis=1, keepdims=True)) for x in (original, decoded))
    found: np.ndarray = (decoded * (before / np.maximum(after, 1e-30))).astype(np.float32)
    return found
