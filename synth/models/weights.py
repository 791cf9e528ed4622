"""Weights as they are stored and as they are used."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor
from torch.overrides import TorchFunctionMode

from synth.errors import CheckpointError

_MAKERS = (torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn)
_ARRANGED = (torch.arange,)
_TIMES, _BESIDE = 2, 1 << 20  # numbers that a network may need beside its weights while it is built


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file by name, in float32 whatever they are stored in.

    Raises OSError or SafetensorError where the file is missing or damaged, CheckpointError where one is not finite.
    """
    weights = {k: v.float() for k, v in load_file(path).items()}
    for weight in weights.values():
        if not math.isfinite(weight.sum()):  # of infinities and NaN, and one pass instead of three
            raise CheckpointError(f"{path} holds weights that are not numbers: restore the checkpoint folder")
    return weights


class Sized(TorchFunctionMode):
    """While a network is built: no more numbers than the file of its weights holds, whatever a card says of its sizes.

    Raises ValueError before memory is taken for what cannot be these weights.
    """

    def __init__(self, path: Path):
        super().__init__()
        with safe_open(path, "pt") as stored:
            held = sum(math.prod(stored.get_slice(name).get_shape()) for name in stored.keys())  # noqa: SIM118
        self.left = _TIMES * held + _BESIDE

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func in _MAKERS:
            self.left -= math.prod(_shape(args, kwargs or {}))
        elif func in _ARRANGED:
            self.left -= max((number for number in args if isinstance(number, int)), default=0)
        if self.left < 0:
            raise ValueError("it is of other sizes than its weights")
        return func(*args, **(kwargs or {}))


def _shape(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, ...]:
    """What a maker of tensors is asked for: torch.empty(2, 3), torch.empty((2, 3)) or torch.empty(size=(2, 3))."""
    size = kwargs.get("size", args[0] if args and not isinstance(args[0], int) else args)
    return tuple(int(n) for n in size)
