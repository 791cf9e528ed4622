"""Places to start from, on every model and in every category. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from synth.patch import Patch


@dataclass(frozen=True)
class Start:
    """A seed with a truncation that goes with it."""

    name: str
    seed: int
    psi: float


# From the middle of a category outwards: the lower psi is, the surer the sound is a good one of its kind.
STARTS = (
    Start("typical", 0, 0.0),
    Start("usual, 1", 11, 0.6),
    Start("usual, 2", 23, 0.6),
    Start("varied, 1", 5, 1.0),
    Start("varied, 2", 8, 1.0),
    Start("unusual, 1", 42, 1.4),
    Start("unusual, 2", 77, 1.4),
)


def begun(patch: Patch, start: Start) -> Patch:
    """The patch from this start, without what had moved it before."""
    return replace(patch, seed=start.seed, psi=start.psi, latent=None, sliders={}, prototype=None, pull=0.0)


def start_of(patch: Patch) -> Start | None:
    """The start that a patch stands at, moved or not."""
    here = (patch.seed, patch.psi, patch.latent)
    return next((start for start in STARTS if (start.seed, start.psi, None) == here), None)
