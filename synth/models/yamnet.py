"""YAMNet: MobileNet v1 trained on AudioSet (Howard et al. 2017; weights by Google, Apache-2.0), frozen, for scoring.

The weights are a file that the user names; playing and training need none. 16 kHz mono in, patches of 0.96 s every
0.48 s out; blind above about 7.5 kHz.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from synth.errors import CheckpointError

FRAME, HOP, FFT = 400, 160, 512
PATCH, PATCH_HOP = 96, 48
# Channels after the first convolution and after each of the 13 pairs of a depthwise and a pointwise layer.
WIDTHS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
LAYERS = 2 * len(WIDTHS) - 1
# Depthwise layers that halve the map, by their number from 1; the first, a full convolution, does too.
STRIDED = {1, 4, 8, 12, 24}


def shapes() -> dict[str, tuple[int, ...]]:
    """The tensors that YAMNet needs: kernels w1..w27 and biases b1..b27 (batch norm folded in), mel bank, window."""
    kernels: list[tuple[int, ...]] = [(WIDTHS[0], 1, 3, 3)]
    for before, after in pairwise(WIDTHS):
        kernels += [(before, 1, 3, 3), (after, before, 1, 1)]
    found: dict[str, tuple[int, ...]] = {"mel": (64, FFT // 2 + 1), "window": (FRAME,)}
    for i, kernel in enumerate(kernels, start=1):
        found |= {f"w{i}": kernel, f"b{i}": kernel[:1]}
    return found


class YAMNet(nn.Module):
    """Samples (B, n) at 16 kHz -> embeddings (B, P, 1024), one for each 0.96 s patch. Differentiable."""

    mel: Tensor
    window: Tensor

    def __init__(self, tensors: dict[str, Tensor]):
        super().__init__()
        self.kernels = nn.ParameterList(nn.Parameter(tensors[f"w{i}"], False) for i in range(1, LAYERS + 1))
        self.biases = nn.ParameterList(nn.Parameter(tensors[f"b{i}"], False) for i in range(1, LAYERS + 1))
        self.register_buffer("mel", tensors["mel"])
        self.register_buffer("window", tensors["window"])

    @classmethod
    def load(cls, path: Path) -> YAMNet:
        """Raises CheckpointError when the file is not there or does not hold YAMNet."""
        try:
            tensors = load_file(path)
        except FileNotFoundError as error:
            raise CheckpointError(f"{path} is not there: name a safetensors file with YAMNet's weights") from error
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"{path} is not a safetensors file: name one with YAMNet's weights") from error
        for name, shape in shapes().items():
            if name not in tensors or tensors[name].shape != shape:
                raise CheckpointError(f"{path} does not hold YAMNet's weights (tensor {name}): name another file")
        return cls(tensors).eval()

    def log_mel(self, x: Tensor) -> Tensor:
        """(B, n) -> (B, frames, 64)."""
        framed = x.unfold(-1, FRAME, HOP) * self.window
        spectrum = torch.fft.rfft(framed, n=FFT)
        # The small constant keeps the root's gradient finite in digital silence.
        magnitude = (spectrum.real.square() + spectrum.imag.square() + 1e-12).sqrt()
        return torch.log(magnitude @ self.mel.t() + 1e-3)

    def features(self, patches: Tensor) -> Tensor:
        """Log-mel patches (N, 96, 64) -> (N, 1024)."""
        return self.maps(patches, (LAYERS,))[0].mean((2, 3))

    def maps(self, patches: Tensor, taps: tuple[int, ...]) -> list[Tensor]:
        """Log-mel patches (N, 96, 64) -> the maps (N, C, H, W) after the layers `taps`, numbered from 1."""
        found = []
        h = patches.unsqueeze(1)
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True), start=1):
            stride = 2 if i in STRIDED else 1
            if kernel.shape[-1] == 3:  # TensorFlow's "same": where the stride is 2 only the far edge is padded
                h = F.pad(h, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
            depthwise = i > 1 and kernel.shape[1] == 1
            # Its gradient takes a third of the time that clamp's does.
            h = F.relu6(F.conv2d(h, kernel, bias, stride, groups=h.shape[1] if depthwise else 1))
            if i in taps:
                found.append(h)
        return found

    def embed(self, x: Tensor) -> Tensor:
        """(B, n) -> (B, P, 1024); shorter sounds are padded with silence to one patch."""
        needed = (PATCH - 1) * HOP + FRAME
        x = F.pad(x, (0, max(needed - x.shape[-1], 0)))
        patches = self.log_mel(x).unfold(1, PATCH, PATCH_HOP).transpose(2, 3)
        b, p = patches.shape[:2]
        return self.features(patches.reshape(b * p, PATCH, 64)).view(b, p, -1)
