"""Sonoform: an instrument over GANs of sound.

    import sonoform

    sound = sonoform.load("hits_scratches").render(sonoform.Patch(category="scrape", seed=1))
    sound.save("scrape.wav")

Importing it loads neither NumPy nor PyTorch; each name comes with what it needs when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth.checkpoint.card import Card
    from synth.checkpoint.store import catalogue as models
    from synth.errors import SonoformError
    from synth.instruments.instrument import Instrument
    from synth.instruments.loading import load
    from synth.patch.morph import Morph
    from synth.patch.patch import Patch
    from synth.sound.sound import Sound

__version__ = "0.2.0"
__all__ = ["Card", "Instrument", "Morph", "Patch", "SonoformError", "Sound", "__version__", "load", "models"]

_HOMES = {
    "Card": "synth.checkpoint.card:Card",
    "Instrument": "synth.instruments.instrument:Instrument",
    "Morph": "synth.patch.morph:Morph",
    "Patch": "synth.patch.patch:Patch",
    "Sound": "synth.sound.sound:Sound",
    "SonoformError": "synth.errors:SonoformError",
    "load": "synth.instruments.loading:load",
    "models": "synth.checkpoint.store:catalogue",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, member = _HOMES[name].partition(":")
    found = getattr(import_module(module), member)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
