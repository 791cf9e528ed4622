"""Settings of a run of a plain GAN, and their named presets: the families' recipes, and better variants beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from torch import Tensor

from synth.audio.codecs import Codec, Waveform, from_settings, settings
from synth.audio.mel import LogMel, MelDecibels, fitted
from synth.checkpoint.families import CATEGORY, can
from synth.errors import RunError
from synth.models.cgan import CGANConfig
from synth.models.registry import FAMILIES, PlainConfig
from synth.models.soundgan import SoundGANConfig
from synth.models.waveform import WaveformConfig
from synth.models.wgan import WGANConfig


@dataclass(frozen=True)
class GanConfig:
    """All that a run needs to know, besides its data. Lengths are in thousands of images (kimg).

    network: sizes of generator and discriminator; clips: training clips of the data. scaling: "clip", each relative to
    its own loudest bin, or "data", all to a statistic of the data set. loss: "bce", "hinge" or "wgan-gp", with the
    weight of its gradient penalty. d_steps: batches that the discriminator sees for each of the generator. projector:
    the frozen network that the discriminator looks through, or "none". augment_target: 0 for no augmentation.
    """

    preset: str
    family: str
    codec: Codec
    network: PlainConfig
    clips: int = 0
    scaling: str = "clip"
    seed: int = 0
    batch: int = 16
    balance: float = 0.5
    jitter: int = 256
    semitones: float = 0.0
    loss: str = "bce"
    d_steps: int = 1
    penalty_weight: float = 10.0
    generator_rate: float = 2e-4
    discriminator_rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    projector: str = "none"
    augment_target: float = 0.0
    augment_kimg: float = 50.0
    ema_kimg: float = 2.0
    tick_kimg: float = 0.5
    snapshot_kimg: float = 2.0
    score_sounds: int = 256

    def __post_init__(self) -> None:
        for name, low in {"batch": 2, "d_steps": 1, "score_sounds": 2}.items():
            if getattr(self, name) < low:
                raise RunError(f"{name} must be at least {low}, not {getattr(self, name)}")
        for name, known in {
            "loss": ("bce", "hinge", "wgan-gp"),
            "scaling": ("clip", "data"),
            "projector": ("none", "alexnet") if len(self.codec.shape) == 3 else ("none",),
        }.items():
            if getattr(self, name) not in known:
                raise RunError(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")

    @property
    def categories(self) -> int:
        """Categories that the networks tell apart; 1 where they know none."""
        return self.network.categories

    def for_data(self, categories: int, clips: int, waveforms: Callable[[], Tensor]) -> GanConfig:
        """The same for a data set of so many categories and training clips; these, (N, n), are heard if need be."""
        network = replace(self.network, categories=categories if can(self.family, CATEGORY) else 1)  # type: ignore[type-var]
        codec = fitted(self.codec, waveforms()) if self.scaling == "data" else self.codec
        return replace(self, network=network, codec=codec, clips=clips)

    def to_dict(self) -> dict[str, Any]:
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return plain | {"codec": settings(self.codec), "network": self.network.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> GanConfig:
        """Inverse of to_dict; raises RunError on a key that this version does not know."""
        if unknown := values.keys() - {f.name for f in fields(cls)}:
            raise RunError(f"config.json has settings unknown to this version: {', '.join(sorted(unknown))}")
        try:
            family = FAMILIES[values["family"]]
            return cls(**values | {"codec": from_settings(values["codec"]), "network": family.sizes(values["network"])})
        except (KeyError, ValueError) as error:
            raise RunError(f"config.json cannot be used ({error}): start the run anew under another name") from error


_TWO_SECONDS = LogMel(16000, 1024, 128, 256)
_FOUR_SECONDS = MelDecibels(hop=512, frames=172, mels=128, columns=128)
_FIVE_SECONDS = MelDecibels(hop=432, frames=256, mels=256)
_CGAN = GanConfig("cgan", "cgan", LogMel(), CGANConfig(), scaling="data")
_WGAN = GanConfig("wgan", "wgan", _FIVE_SECONDS, WGANConfig(), loss="wgan-gp", d_steps=3, beta2=0.9)
_SOUNDGAN = GanConfig("soundgan", "soundgan", _FOUR_SECONDS, SoundGANConfig())
_WAVEFORM = GanConfig("waveform", "waveform", Waveform(samples=16000), WaveformConfig(), semitones=3.0)

# The recipe of each family under its own name, and what does better beside it.
GAN_PRESETS: dict[str, GanConfig] = {
    config.preset: config
    for config in (
        _CGAN,
        replace(
            _CGAN,
            preset="cgan_projected",
            codec=_TWO_SECONDS,
            network=CGANConfig(channels=128, start=(8, 16), upsampling="resize"),
            projector="alexnet",
            generator_rate=1e-3,
            discriminator_rate=1e-3,
            augment_target=0.6,
            semitones=3.0,
        ),
        replace(
            _CGAN,
            preset="cgan_sn",
            codec=_TWO_SECONDS,
            network=CGANConfig(channels=128, start=(8, 16), upsampling="resize", condition="projection", spectral=True),
            loss="hinge",
            generator_rate=1e-3,
            discriminator_rate=1e-3,
            beta2=0.9,
        ),
        _WGAN,
        replace(_WGAN, preset="wgan_short", codec=replace(_FIVE_SECONDS, hop=344)),
        _SOUNDGAN,
        replace(
            _SOUNDGAN,
            preset="soundgan_projected",
            codec=replace(_FOUR_SECONDS, frames=86),
            projector="alexnet",
            augment_target=0.6,
            semitones=3.0,
        ),
        _WAVEFORM,
        replace(
            _WAVEFORM,
            preset="waveform_conv",
            network=WaveformConfig(architecture="conv"),
            loss="wgan-gp",
            d_steps=3,
            beta2=0.9,
        ),
    )
}
