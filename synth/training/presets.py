"""Settings of a training run, and the named presets of all families."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT
from synth.errors import RunError
from synth.models.stylegan2 import GeneratorConfig
from synth.phases import LIGHT, TINY
from synth.training.gan_presets import GAN_PRESETS, GanConfig


@dataclass(frozen=True)
class TrainConfig:
    """All that a run needs to know, besides its data. Lengths of phases are in thousands of images (kimg).

    outline_kimg: profiles alone as a VAE; reconstruction_kimg: the whole VAE; discriminator_kimg: discriminator alone;
    then adversarial training.
    """

    preset: str = "hits_scratches"
    codec: GaussianLogSTFT = field(default_factory=GaussianLogSTFT)
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    discriminator_widths: tuple[int, ...] = (256, 256, 256, 128, 96)
    encoder_widths: tuple[int, ...] = (256, 256, 128, 64, 32)
    seed: int = 0
    # Levels of the generator, from the lowest resolution up, that keep the weights they begin with.
    freeze: int = 0
    batch: int = 8
    balance: float = 0.5
    jitter: int = 256
    semitones: float = 3.0
    # Warm start by reconstruction.
    outline_kimg: float = LIGHT.outline
    outline_batch: int = 16
    outline_rate: float = 5e-3
    reconstruction_kimg: float = LIGHT.reconstruct
    reconstruction_batch: int = 4
    reconstruction_rate: float = 1e-3
    nll_weight: float = 0.2
    kl_weight: float = 5e-6
    min_spread: float = 0.05
    # Adversarial phase. projector: the frozen network that the discriminator looks through, or "none".
    projector: str = "alexnet"
    feature_weight: float = 2.0
    discriminator_kimg: float = LIGHT.discriminate
    generator_rate: float = 1e-3
    discriminator_rate: float = 1e-3
    adversarial_weight: float = 0.4
    category_weight: float = 0.3
    r1_gamma: float = 1.0
    r1_interval: int = 16
    augment_target: float = 0.6
    augment_kimg: float = 50.0
    ema_kimg: float = 2.0
    # Bookkeeping.
    tick_kimg: float = 0.5
    snapshot_kimg: float = 1.0
    score_sounds: int = 256

    def __post_init__(self) -> None:
        least = {"batch": 2, "outline_batch": 1, "reconstruction_batch": 1, "r1_interval": 1}
        for name, low in (least | {"score_sounds": 2}).items():
            if getattr(self, name) < low:
                raise RunError(f"{name} must be at least {low}, not {getattr(self, name)}")

    @property
    def family(self) -> str:
        return "stylegan2"

    @property
    def categories(self) -> int:
        return self.generator.categories

    @property
    def clips(self) -> int:
        """Training clips of the data."""
        return self.generator.clips

    @property
    def network(self) -> GeneratorConfig:
        """Sizes of the generator, as a checkpoint's card keeps them."""
        return self.generator

    def for_data(self, categories: int, clips: int, waveforms: Callable[[], Tensor]) -> TrainConfig:
        """The same for a data set of so many categories and training clips, which it need not hear."""
        return replace(self, generator=replace(self.generator, categories=categories, clips=clips))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"generator": self.generator.to_dict()}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> TrainConfig:
        """Inverse of to_dict; raises RunError on a key that this version does not know."""
        unknown = settings.keys() - {f.name for f in fields(cls)}
        if unknown:
            raise RunError(f"config.json has settings unknown to this version: {', '.join(sorted(unknown))}")
        typed: dict[str, Any] = {
            "codec": GaussianLogSTFT(**settings["codec"]),
            "generator": GeneratorConfig.from_dict(settings["generator"]),
            "discriminator_widths": tuple(settings["discriminator_widths"]),
            "encoder_widths": tuple(settings["encoder_widths"]),
        }
        return cls(**settings | typed)


Config = TrainConfig | GanConfig
AnyConfig = TypeVar("AnyConfig", bound=TrainConfig | GanConfig)
FIXED = ("preset", "family", "clips")  # what a configuration is, and what the data tell


def config_from(settings: dict[str, Any]) -> Config:
    """Inverse of any configuration's to_dict; raises RunError on what this version does not know."""
    return GanConfig.from_dict(settings) if "family" in settings else TrainConfig.from_dict(settings)


_LIGHT = TrainConfig()

PRESETS: dict[str, Config] = {
    "hits_scratches": _LIGHT,
    "environmental": replace(_LIGHT, preset="environmental", codec=GaussianLogSTFT(hop=256), jitter=2048),
    "tiny": replace(
        _LIGHT,
        preset="tiny",
        codec=GaussianLogSTFT(length=64, hop=32, frames=32),
        generator=GeneratorConfig(z_dim=8, w_dim=16, widths=(16, 16, 8), fold=2, rank=4),
        discriminator_widths=(16, 16, 8),
        encoder_widths=(16, 16, 8),
        batch=4,
        jitter=16,
        outline_kimg=TINY.outline,
        reconstruction_kimg=TINY.reconstruct,
        outline_batch=8,
        discriminator_kimg=TINY.discriminate,
        r1_interval=2,
        tick_kimg=0.02,
        snapshot_kimg=0.04,
        score_sounds=8,
    ),
    **GAN_PRESETS,
}


def preset(name: str) -> Config:
    if name not in PRESETS:
        raise RunError(f"unknown preset {name!r}: use one of {', '.join(PRESETS)}")
    return PRESETS[name]


def override(config: AnyConfig, pairs: Sequence[str]) -> AnyConfig:
    """A copy with `NAME=VALUE` settings changed; raises RunError for an unknown name or a value of the wrong type."""
    simple = {f.name: type(getattr(config, f.name)) for f in fields(config)}
    simple = {name: kind for name, kind in simple.items() if kind in (int, float, str) and name not in FIXED}
    changes: dict[str, Any] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in simple:
            raise RunError(f"unknown setting {name!r}: use NAME=VALUE with one of {', '.join(simple)}")
        try:
            changes[name] = simple[name](value)
        except ValueError as error:
            raise RunError(f"{name} takes a {simple[name].__name__}, not {value!r}") from error
    return replace(config, **changes)
