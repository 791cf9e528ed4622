"""Makes aisfx.safetensors from the wheel aisfx 0.1.2.

`python checkpoints/perceptual/convert_aisfx.py aisfx-0.1.2-py2.py3-none-any.whl OUT`. The wheel must be the one whose
sha256 is below. Its weights are a pickle; it is read by torch's restricted unpickler, which is told of what rebuilds a
numpy scalar and of nothing else. Batch norm is folded into the convolutions, the heads for categories are left out,
and the rest is halved.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from numpy._core.multiarray import scalar  # type: ignore[attr-defined]
from safetensors.torch import save_file
from torch import Tensor

WHEEL = "bfe219950715af179e9a1653e7117cc1852baef267cd6596c42cad74afe1d194"
STORED = "aisfx/models/checkpoint.pth"
# Beside its tensors the file has the number of each data set as a numpy int64.
ADMITTED = [(scalar, "numpy.core.multiarray.scalar"), np.dtype, type(np.dtype("int64"))]
EPSILON = 1e-5  # torch's batch norm


def read_wheel(path: Path) -> dict[str, Tensor]:
    """The state of the published network; raises SystemExit where the file is not the wheel named above."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != WHEEL:
        raise SystemExit(f"{path} is not the wheel aisfx 0.1.2 (its sha256 is another): pip download aisfx==0.1.2")
    with zipfile.ZipFile(path) as wheel, torch.serialization.safe_globals(ADMITTED):
        state, _ = torch.load(io.BytesIO(wheel.read(STORED)), map_location="cpu", weights_only=True)
    return dict(state)


def folded(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Kernels w1..w8 (out, in, 3, 3) and biases b1..b8 in float16, with which w * x + b is what batch norm gives."""
    found = {}
    for i in range(8):
        block = f"embedding_net.conv_block{i // 2 + 1}."
        norm = f"{block}bn{i % 2 + 1}."
        gain = state[f"{norm}weight"] / (state[f"{norm}running_var"] + EPSILON).sqrt()
        found[f"w{i + 1}"] = state[f"{block}conv{i % 2 + 1}.weight"] * gain[:, None, None, None]
        found[f"b{i + 1}"] = state[f"{norm}bias"] - state[f"{norm}running_mean"] * gain
    return {name: x.half().contiguous() for name, x in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="aisfx-0.1.2-py2.py3-none-any.whl")
    parser.add_argument("out", type=Path, help="safetensors file to write")
    options = parser.parse_args()
    save_file(folded(read_wheel(options.wheel)), options.out)


if __name__ == "__main__":
    main()
