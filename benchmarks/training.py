"""Training speed side by side: our generator + discriminator step against stylegan2-pytorch (PyPI, MIT).

Both at 256 x 256, batch 8, the same channel widths (16 at 256 x 256 doubling downwards to at most 128, which is
channel_base 4096 of NVIDIA's stylegan2-ada-pytorch), one generator update and one discriminator update a step, no
regularisation, the same threads, turn and turn about in one process. Ours folds the 256 x 256 level into 128 x 128 x 4.

    python -m benchmarks.training [--threads 2] [--rounds 5]

The peer: pip install --no-deps stylegan2-pytorch==1.9.0, with einops, kornia, kornia-rs, vector-quantize-pytorch,
contrastive-learner, torchvision, einx, loguru, frozendict, retry, decorator, py, fire, termcolor and tqdm.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import types
from collections.abc import Callable
from unittest import mock

import torch

from synth.audio.stft import STFT
from synth.models.discriminators import Discriminator
from synth.models.layers import autocast
from synth.models.stylegan2 import Generator, GeneratorConfig, draw_noise
from synth.training.losses import discriminator_loss, generator_loss

BATCH = 8
WIDTHS = (128, 128, 128, 128, 64, 32)
CPU = torch.device("cpu")

Step = Callable[[], None]


def update(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


def ours() -> Step:
    config = GeneratorConfig(widths=WIDTHS, fold=2)
    g, d = Generator(config), Discriminator(config.categories, WIDTHS, config.fold)
    players = [torch.optim.Adam(m.parameters(), lr=1e-4) for m in (g, d)]
    rng, stft, category = torch.Generator(), STFT(), torch.arange(BATCH)
    real = torch.rand(BATCH, 1, 256, 256)

    def step() -> None:
        with autocast(CPU):
            w = g.mapping(torch.randn(BATCH, config.z_dim), category)
            fake = g(g.broadcast(w), draw_noise(config, stft, BATCH, rng))
            d.requires_grad_(False)
            loss = generator_loss(d([fake], category))
        update(players[0], loss)
        d.requires_grad_(True)
        with autocast(CPU):
            loss = discriminator_loss(d([real], category), d([fake.detach()], category))
        update(players[1], loss)

    return step


def peer() -> Step:
    # torchvision's import needs two operators that CPU builds may lack; aim is a logger that nothing here calls.
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    sys.modules.setdefault("aim", types.ModuleType("aim"))
    with mock.patch("torch.cuda.is_available", return_value=True):  # it refuses to be imported without CUDA
        from stylegan2_pytorch.stylegan2_pytorch import Discriminator as PeerDiscriminator
        from stylegan2_pytorch.stylegan2_pytorch import Generator as PeerGenerator
        from stylegan2_pytorch.stylegan2_pytorch import StyleVectorizer

    mapping = StyleVectorizer(512, 4)
    g = PeerGenerator(256, 512, network_capacity=8, fmap_max=128)
    # Its discriminator starts at four times its capacity, where its generator ends at twice: 4 gives the same 16.
    d = PeerDiscriminator(256, network_capacity=4, fmap_max=128)
    players = [torch.optim.Adam([*mapping.parameters(), *g.parameters()], lr=1e-4)]
    players.append(torch.optim.Adam(d.parameters(), lr=1e-4))
    real = torch.rand(BATCH, 3, 256, 256)

    def step() -> None:
        w = mapping(torch.randn(BATCH, 512))
        fake = g(w[:, None].expand(-1, g.num_layers, -1), torch.rand(BATCH, 256, 256, 1))
        d.requires_grad_(False)
        loss = generator_loss(d(fake)[0])
        update(players[0], loss)
        d.requires_grad_(True)
        update(players[1], discriminator_loss(d(real)[0], d(fake.detach())[0]))

    return step


def images_per_second(step: Step, count: int) -> float:
    begun = time.perf_counter()
    for _ in range(count):
        step()
    return BATCH * count / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    steps = {"ours": ours(), "stylegan2-pytorch 1.9.0": peer()}
    speeds: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(options.rounds):
        for name, step in steps.items():
            speeds[name].append(images_per_second(step, 4 if name == "ours" else 1))
    medians = {name: statistics.median(found) for name, found in speeds.items()}
    print(f"{torch.__version__}, {options.threads} threads, batch {BATCH}, medians of {options.rounds} rounds")
    for name, median in medians.items():
        print(f"{name:26} {median:7.2f} images/s   {median / medians['stylegan2-pytorch 1.9.0']:5.1f} x")


if __name__ == "__main__":
    main()
