import torch

from synth.models.stylegan2 import PARTS, Generator, GeneratorConfig
from synth.publishing.lines import without_lines

CONFIG = GeneratorConfig(categories=3, clips=12, z_dim=8, w_dim=16, hidden=24, bins=32, frames=48, rank=8, gate_rank=4)


def smooth(bins: int = 32, frames: int = 48, count: int = 20) -> torch.Tensor:
    """Recordings that fall evenly over frequency."""
    return (-torch.arange(bins) / bins)[None, None, :, None].expand(count, 1, bins, frames).clone()


def test_lines_of_the_generator_go_and_those_of_recordings_stay() -> None:
    torch.manual_seed(0)
    generator, recorded = Generator(CONFIG).eval(), smooth()
    heads = list(generator.synthesis.lines)
    for head in heads[:PARTS]:  # an even spectrum on steady envelopes, with two lines
        head.out.bias.data.copy_((-torch.arange(32.0) / 32).repeat(2) / 8)
        head.out.bias.data.view(2, 32)[:, [9, 20]] += 0.3 / 8
    for head in heads[PARTS : 2 * PARTS]:
        head.out.bias.data.fill_(1.0)
    recorded[:, :, 9] += 0.3  # of which recordings have one too
    assert without_lines(generator, recorded) == [20]
    bias = heads[0].out.bias.data.view(2, 32)
    torch.testing.assert_close(bias[:, 20], (bias[:, 19] + bias[:, 21]) / 2)
    assert (bias[:, 9] > bias[:, 8]).all()
    assert without_lines(generator, recorded) == []
