"""What makes a slider straight: where on its direction each sound has to be for its descriptor to move evenly.

Along one vector every sound goes a curve of its own: what makes one hit twice as bright hardly changes another, and a
rate cannot fall below one event. So, before a sound is moved, its descriptor is measured at places along the direction,
and a position of the slider is the place where the descriptor has changed by so many steps. The step is one for all
sounds of a model. Positions are what a person sets, places what the latent moves by; without calibration both are one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

SLIDER_END = 5.0  # positions of a slider lie between minus this and this, and so do places on its direction
PLACES = np.linspace(-SLIDER_END, SLIDER_END, 29)  # where a sound is measured; the middle one is the sound itself
_HERE = len(PLACES) // 2


@dataclass(frozen=True)
class Calibration:
    """What a slider is held to: a descriptor, and by how much of its unit one of the slider changes it."""

    descriptor: str
    step: float

    def describe(self) -> dict[str, object]:
        return asdict(self)

    def place(self, position: float, values: np.ndarray) -> float:
        """The place of a position, for a sound that measures `values` (len(PLACES),) at PLACES.

        It lies on the position's own side of 0, and is the nearest there is: on a curve that goes back and forth only
        places that surpass all before them count, and what lies between two is interpolated, so that a slider which
        moves evenly never jumps. Where the descriptor goes no further, the slider has come to its end.
        """
        side = slice(_HERE, None) if position >= 0.0 else slice(_HERE, None, -1)
        gone = np.sign(position * self.step) * (values[side] - values[_HERE])
        surpasses = np.r_[True, gone[1:] > np.maximum.accumulate(gone)[:-1]]
        return float(np.interp(abs(position * self.step), gone[surpasses], PLACES[side][surpasses]))
