"""What can be trained, by the name of its preset: one table for the trainer, for publishing, for the configuration and
for the page that plans a run. No torch.

What each preset sets beside that, its codec and networks, is in `presets.py` and `gan_presets.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from synth import paths

# The stages of a run, as the trainer and as people call them.
STAGES = {
    "outline": "Outlines",
    "features": "Details",
    "statistics": "Inventing",
    "adversarial": "Inventing",
}


@dataclass(frozen=True)
class Stages:
    """Lengths in thousands of sounds; the rest of a run is statistics, or adversarial."""

    outline: float = 160.0
    features: float = 40.0


LIGHT = Stages()
# For clips of a few hundredths of a second, and for seeing the whole way in a minute.
TINY = Stages(0.04, 0.02)
# Both players from the first image on.
NO_WARM_START = Stages(0.0, 0.0)


@dataclass(frozen=True)
class Recipe:
    """A way to begin.

    stages: how long they last where the time is not too short for that. disk: megabytes that a run takes: the state,
    the one before it, the one being written, and sounds. sliders: which semantic ones are looked for, those of short
    hits or of longer scenes. start: the model to begin with; ready: it has the categories of the sounds, so only the
    last stage is left; seen: images it was trained on; rate: that recordings must have been sampled at, where it asks
    for more than most have.
    """

    preset: str
    title: str
    seconds: float  # of a sound
    stages: Stages = LIGHT
    disk: int = 1500
    sliders: Literal["hits", "scenes"] = "scenes"
    start: str | None = None
    ready: bool = False
    seen: int = 0
    rate: int = 0

    @property
    def plain(self) -> bool:
        """Whether it has one stage only, in which both players learn from the first image on."""
        return self.stages == NO_WARM_START

    @property
    def arguments(self) -> list[str]:
        """What the trainer is told, besides its data and its budget."""
        return ["--start", str(paths.models() / self.start)] if self.start else ["--preset", self.preset]


def _plain(preset: str, title: str, seconds: float) -> Recipe:
    return Recipe(preset, f"{title}, sounds of {seconds:.1g} s", seconds, NO_WARM_START, disk=300)


# From scratch.
RECIPES: dict[str, Recipe] = {
    recipe.preset: recipe
    for recipe in (
        Recipe("hits_scratches", "From scratch, sounds of 2 s", 2.048, sliders="hits"),
        Recipe("environmental", "From scratch, sounds of 4 s", 4.096),
        Recipe("tiny", "From scratch, sounds of 0.06 s", 0.064, TINY, disk=50),
        Recipe("studio", "From scratch at 44.1 kHz, sounds of 2 s", 88064 / 44100, sliders="hits", rate=44100),
        _plain("cgan", "Conditional GAN", 131072 / 22050),
        _plain("cgan_projected", "Conditional GAN, projected", 2.048),
        _plain("cgan_sn", "Conditional GAN, spectral norm", 2.048),
        _plain("wgan", "WGAN-GP", 110592 / 22050),
        _plain("wgan_short", "WGAN-GP", 88064 / 22050),
        _plain("soundgan", "SoundGan", 88064 / 22050),
        _plain("soundgan_projected", "SoundGan, projected", 44032 / 22050),
        _plain("waveform", "Waveform by a perceptron", 1.0),
        _plain("waveform_conv", "Waveform by convolutions", 1.0),
    )
}


def sliders_of(preset: str) -> Literal["hits", "scenes"]:
    """Which semantic sliders a model of a preset has; a preset that this version does not know is one of scenes."""
    return RECIPES[preset].sliders if preset in RECIPES else "scenes"
