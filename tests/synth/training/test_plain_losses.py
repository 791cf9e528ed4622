"""Losses of the plain GANs against closed forms."""

import pytest
import torch
from torch import Tensor, nn

from synth.models.wgan import Discriminator, WGANConfig
from synth.training import losses


class Linear(nn.Module):
    """A critic whose gradient is the same everywhere."""

    def __init__(self, slope: Tensor):
        super().__init__()
        self.slope = nn.Parameter(slope)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return (x * self.slope).flatten(1).sum(1)


class Square(nn.Module):
    """A critic whose gradient at x is x itself."""

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return 0.5 * x.square().flatten(1).sum(1)


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(4)


@pytest.mark.parametrize("shape", [(1, 4, 6), (1, 16)])
def test_penalty_of_a_linear_critic(shape: tuple[int, ...]) -> None:
    slope = torch.randn(shape, generator=rng())
    real, fake = torch.randn(2, 5, *shape, generator=rng())
    penalty = losses.gradient_penalty(Linear(slope), real, fake, torch.zeros(5, dtype=torch.long), rng())
    torch.testing.assert_close(penalty, (slope.norm() - 1.0).square())


def test_penalty_is_taken_uniformly_between_the_pairs() -> None:
    """Between 0 and c the gradient of Square is as long as u |c|: E (u |c| - 1)^2 = |c|^2 / 3 - |c| + 1."""
    fake = torch.full((20000, 1, 2, 2), 1.5)  # |c| = 3
    labels = torch.zeros(len(fake), dtype=torch.long)
    penalty = losses.gradient_penalty(Square(), torch.zeros_like(fake), fake, labels, rng())
    assert penalty.item() == pytest.approx(9.0 / 3.0 - 3.0 + 1.0, abs=0.03)


def test_each_pair_has_its_own_place_and_the_generator_draws_it() -> None:
    seen: list[Tensor] = []

    class Spy(Square):
        def forward(self, x: Tensor, labels: Tensor) -> Tensor:
            seen.append(x.detach())
            return super().forward(x, labels)

    real, fake = torch.zeros(8, 1, 2, 2), torch.ones(8, 1, 2, 2)
    for _ in range(2):
        losses.gradient_penalty(Spy(), real, fake, torch.zeros(8), rng())
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0], seen[0][:, :, :1, :1].expand_as(real))  # one place a pair, for all of its values
    places = seen[0][:, 0, 0, 0]
    assert len(places.unique()) == 8 and places.min() >= 0.0 and places.max() <= 1.0


def test_penalty_reaches_the_critics_weights_and_not_the_generator() -> None:
    critic = Discriminator(WGANConfig(scale=1 / 256))
    fake = torch.randn(2, 1, 256, 256, requires_grad=True)
    losses.gradient_penalty(critic, torch.randn(2, 1, 256, 256), fake, torch.zeros(2), rng()).backward()
    weights = [p for name, p in critic.named_parameters() if name.endswith("weight")]
    assert all(p.grad is not None and p.grad.abs().sum() > 0.0 for p in weights)
    assert fake.grad is None


def test_descent_on_the_penalty_makes_a_critic_of_slope_one() -> None:
    critic = Linear(torch.full((1, 2, 2), 2.0))
    optimiser = torch.optim.SGD(critic.parameters(), lr=0.1)
    for _ in range(60):
        optimiser.zero_grad()
        losses.gradient_penalty(
            critic, torch.zeros(2, 1, 2, 2), torch.ones(2, 1, 2, 2), torch.zeros(2), rng()
        ).backward()
        optimiser.step()
    assert critic.slope.norm().item() == pytest.approx(1.0, abs=1e-3)


def test_wasserstein_losses_are_differences_of_means() -> None:
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, 0.0])
    assert losses.wgan_discriminator_loss(real, fake).item() == pytest.approx(-2.5)
    assert losses.wgan_generator_loss(fake).item() == pytest.approx(0.5)


def test_hinge_loss_ends_at_its_margin() -> None:
    assert losses.hinge_discriminator_loss(torch.tensor([1.0, 5.0]), torch.tensor([-1.0, -9.0])).item() == 0.0
    assert losses.hinge_discriminator_loss(torch.zeros(2), torch.zeros(2)).item() == pytest.approx(2.0)
    assert losses.hinge_discriminator_loss(torch.tensor([0.5]), torch.tensor([0.5])).item() == pytest.approx(2.0)
    assert losses.hinge_generator_loss(torch.tensor([1.0, 2.0])).item() == pytest.approx(-1.5)
