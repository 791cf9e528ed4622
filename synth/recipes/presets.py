"""Settings of a training run, and the named presets of all families."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT
from synth.errors import RunError
from synth.models.stylegan2 import GeneratorConfig
from synth.recipes.gan_presets import GAN_PRESETS, GanConfig
from synth.recipes.recipe import LIGHT, TINY


@dataclass(frozen=True)
class TrainConfig:
    """All that a run needs to know, besides its data. Lengths of stages are in thousands of sounds (kimg).

    outline_kimg: recordings at their codes, bin by bin; feature_kimg: the same through a frozen network; then
    statistics of drawn sounds, of which each batch has batch - anchors, beside recordings at their codes. code_rate,
    encoder_rate: learning rates of codes and of the encoder, beside 1 for the network. queue: drawn sounds that
    statistics are of; statistics_maps: maps of the frozen network that they look at, from the coarsest on. fold: bins
    and frames that the encoder's first layer takes as one.
    """

    preset: str = "hits_scratches"
    codec: GaussianLogSTFT = field(default_factory=GaussianLogSTFT)
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    encoder_widths: tuple[int, ...] = (256, 256, 128, 64, 32)
    fold: int = 4
    seed: int = 0
    balance: float = 0.5
    # projector: the frozen network that features and statistics are of, or several of them, "a+b", which take turns.
    projector: str = "alexnet"
    # Recordings at their codes.
    outline_kimg: float = LIGHT.outline
    outline_batch: int = 16
    outline_rate: float = 3e-3
    feature_kimg: float = LIGHT.features
    feature_batch: int = 8
    feature_rate: float = 1.2e-3
    code_rate: float = 5.0
    encoder_rate: float = 0.3
    nll_weight: float = 0.2
    code_weight: float = 1e-5
    encoder_weight: float = 1.0
    min_spread: float = 0.05
    feature_weight: float = 2.0
    # Sounds between recordings.
    batch: int = 18
    anchors: int = 6
    queue: int = 1024
    statistics_maps: int = 3
    statistics_rate: float = 3e-4
    frechet_weight: float = 0.1
    category_weight: float = 0.1
    contrast_weight: float = 0.1
    line_weight: float = 0.01
    anchor_weight: float = 2.0
    ema_kimg: float = 2.0
    # Bookkeeping.
    tick_kimg: float = 0.5
    snapshot_kimg: float = 2.0
    score_sounds: int = 256

    def __post_init__(self) -> None:
        if "none" in self.projector.split("+"):
            raise RunError("features and statistics are of a frozen network: set projector to yamnet, aisfx or alexnet")
        ones = ("outline_batch", "feature_batch", "anchors", "statistics_maps")
        least = dict.fromkeys(ones, 1) | {"batch": self.anchors + 2, "score_sounds": 2, "queue": 16}
        for name, low in least.items():
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
    "environmental": replace(
        _LIGHT, preset="environmental", codec=GaussianLogSTFT(hop=256), generator=GeneratorConfig(turn=30.0)
    ),
    # One-shots with all of their treble: 23 ms of window, 43 Hz a bin, 5.8 ms a frame.
    "studio": replace(
        _LIGHT,
        preset="studio",
        codec=GaussianLogSTFT(44100, length=1024, hop=256, frames=344),
        generator=GeneratorConfig(hidden=768, bins=512, frames=344, turn=30.0),
        encoder_widths=(192, 192, 128, 64, 32),
    ),
    "tiny": replace(
        _LIGHT,
        preset="tiny",
        codec=GaussianLogSTFT(length=64, hop=32, frames=32),
        generator=GeneratorConfig(z_dim=8, w_dim=16, hidden=64, bins=32, frames=32, rank=4, gate_rank=2),
        encoder_widths=(16, 16, 8),
        fold=2,
        outline_batch=8,
        outline_rate=2e-2,
        feature_batch=4,
        batch=6,
        anchors=2,
        queue=32,
        outline_kimg=TINY.outline,
        feature_kimg=TINY.features,
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
