"""Building blocks shared by the generator, the discriminator and the encoder.

Weights are drawn from N(0, 1) and scaled at run time (equalised learning rate, Karras et al. 2018, section 4.1).
Activations are channels_last, in the dtype that autocast chooses; demodulation and statistics stay in float32.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.2
GAIN = math.sqrt(2.0)  # keeps unit variance through a leaky ReLU


def leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE, inplace=True)


class Linear(nn.Module):
    """Equalised fully connected layer (B, inputs) -> (B, outputs); `rate` scales its learning rate."""

    def __init__(self, inputs: int, outputs: int, *, bias: float = 0.0, gain: float = 1.0, rate: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale = gain * rate / math.sqrt(inputs)
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        # The inputs are scaled rather than the weights, which are many more.
        return F.linear(x * self.scale, self.weight, self.bias * self.rate)


class Conv(nn.Module):
    """Equalised convolution, same size, (B, inputs, F, T) -> (B, outputs, F, T)."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, *, bias: bool = True, gain: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size).to(memory_format=torch.channels_last))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = gain / math.sqrt(inputs * size * size)
        self.padding = size // 2

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


def downsample(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2)


class ResidualDown(nn.Module):
    """Residual block that halves both axes, (B, inputs, F, T) -> (B, outputs, F/2, T/2)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv0 = Conv(inputs, inputs, gain=GAIN)
        self.conv1 = Conv(inputs, outputs, gain=GAIN)
        self.skip = Conv(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = leaky(self.conv1(downsample(leaky(self.conv0(x)))))
        found: Tensor = (y + self.skip(downsample(x))) * (1.0 / GAIN)
        return found


def trunk(widths: tuple[int, ...], fold: int) -> nn.Sequential:
    """Residual trunk of discriminator and encoder: (B, 1, F, T) -> (B, widths[0], F / r, T / r).

    widths run from the lowest resolution (4 x 4) to the highest; the input is folded (pixel-unshuffled) by `fold`
    first, so that no wide level runs at full resolution.
    """
    high = widths[::-1]
    ends = [nn.PixelUnshuffle(fold), Conv(fold * fold, high[0], 1, gain=GAIN), nn.LeakyReLU(SLOPE, inplace=True)]
    return nn.Sequential(*ends, *(ResidualDown(a, b) for a, b in pairwise(high)))


def autocast(device: torch.device, enabled: bool = True) -> torch.autocast:
    """bfloat16 where the machine computes in it, else a context that does nothing."""
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled and has_bfloat16(device))


def has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        found: bool = torch.cuda.is_bf16_supported()
        return found
    # Without AVX512-BF16 or AMX, oneDNN emulates bfloat16 and gains nothing.
    return device.type == "cpu" and torch.backends.mkldnn.is_available() and torch.cpu._is_avx512_bf16_supported()
