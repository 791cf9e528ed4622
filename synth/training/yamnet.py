"""YAMNet: MobileNet v1 trained on AudioSet (Howard et al. 2017; weights by Google, Apache-2.0), frozen, for scoring.

The weights are a file that the user names; playing and training need none. 16 kHz mono in, patches of 0.96 s every
0.48 s out; blind above about 7.5 kHz.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from synth.errors import CheckpointError

FRAME, HOP, FFT = 400, 160, 512
PATCH, PATCH_HOP = 96, 48
LAYERS = 27
# Depthwise layers that halve the map, by their number from 1; the first, a full convolution, does too.
STRIDED = {1, 4, 8, 12, 24}


class YAMNet(nn.Module):
    """Samples (B, n) at 16 kHz -> embeddings (B, P, 1024), one for each 0.96 s patch. Differentiable."""

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
            return cls(load_file(path)).eval()
        except FileNotFoundError as error:
            raise CheckpointError(f"{path} is not there: name a safetensors file with YAMNet's weights") from error
        except (KeyError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{path} does not hold YAMNet's weights: name another file") from error

    def log_mel(self, x: Tensor) -> Tensor:
        """(B, n) -> (B, frames, 64)."""
        framed = x.unfold(-1, FRAME, HOP) * self.window
        magnitude = torch.fft.rfft(framed, n=FFT).abs()
        return torch.log(magnitude @ self.mel.t() + 1e-3)

    def features(self, patches: Tensor) -> Tensor:
        """Log-mel patches (N, 96, 64) -> (N, 1024)."""
        h = patches.unsqueeze(1)
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True), start=1):
            stride = 2 if i in STRIDED else 1
            if kernel.shape[-1] == 3:  # TensorFlow's "same": where the stride is 2 only the far edge is padded
                h = F.pad(h, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
            depthwise = i > 1 and kernel.shape[1] == 1
            h = F.conv2d(h, kernel, bias, stride, groups=h.shape[1] if depthwise else 1).clamp(0.0, 6.0)
        return h.mean((2, 3))

    def embed(self, x: Tensor) -> Tensor:
        """(B, n) -> (B, P, 1024); shorter sounds are padded with silence to one patch."""
        needed = (PATCH - 1) * HOP + FRAME
        x = F.pad(x, (0, max(needed - x.shape[-1], 0)))
        patches = self.log_mel(x).unfold(1, PATCH, PATCH_HOP).transpose(2, 3)
        b, p = patches.shape[:2]
        return self.features(patches.reshape(b * p, PATCH, 64)).view(b, p, -1)
