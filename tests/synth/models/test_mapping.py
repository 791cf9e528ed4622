import math

import torch

from synth.models.mapping import Mapping, _turned


def clustered(clips: int = 40, categories: int = 2, w_dim: int = 6) -> Mapping:
    """Codes in pairs of near neighbours: clips 2i and 2i + 1 of a category lie close, pairs far apart."""
    torch.manual_seed(0)
    mapping = Mapping(16, w_dim, categories, clips, sharpness=20.0)
    mapping.labels.copy_(torch.arange(clips) * categories // clips)
    centres = 10.0 * torch.randn(clips // 2, w_dim)
    mapping.codes.data.copy_(centres.repeat_interleave(2, 0) + 0.1 * torch.randn(clips, w_dim))
    mapping.arrange(torch.Generator().manual_seed(1))
    return mapping


def drawn(mapping: Mapping, category: int, count: int = 4000) -> torch.Tensor:
    z = torch.randn(count, 16, generator=torch.Generator().manual_seed(2))
    return mapping(z, torch.full((count,), category))


def test_only_clips_of_the_category_take_part() -> None:
    mapping = clustered()
    before = drawn(mapping, 0, 50)
    mapping.codes.data[mapping.labels == 1] = 1e6
    assert torch.equal(drawn(mapping, 0, 50), before)
    assert drawn(mapping, 1, 50).min() > 1e5


def test_draws_lie_at_clips_and_between_neighbours() -> None:
    mapping = clustered()
    codes = mapping.codes[mapping.labels == 0]
    nearest = torch.cdist(drawn(mapping, 0), codes).amin(1)
    strangers = torch.pdist(codes).median()
    assert nearest.median() < 0.1 * strangers
    # A mean of any two clips, which is where a smooth map puts most of its draws, is far from both.
    assert (torch.cdist((codes + codes.roll(7, 0)) / 2, codes).amin(1).median()) > 0.3 * strangers


def test_every_clip_has_its_share() -> None:
    mapping = clustered()
    codes = mapping.codes[mapping.labels == 1]
    pairs = torch.cdist(drawn(mapping, 1), codes).argmin(1) // 2
    share = pairs.bincount(minlength=len(codes) // 2) / len(pairs) * len(codes) / 2
    assert share.min() > 0.5 and share.max() < 1.6


def test_neighbours_are_neighbours_in_z() -> None:
    mapping = clustered()
    keys = mapping.keys[mapping.labels == 0]
    torch.testing.assert_close(keys.norm(dim=1), torch.ones(len(keys)))
    products = keys @ keys.t()
    pairs = products[::2, 1::2].diagonal()
    assert pairs.min() > 0.8
    assert products[0, 2:].abs().max() < 0.5


def test_a_blunt_prior_blends_and_a_sharp_one_copies() -> None:
    codes, nearest = clustered().codes[:20], {}
    for sharpness in (3.0, 20.0):
        mapping = clustered()
        mapping.sharpness = sharpness
        mapping.arrange(torch.Generator().manual_seed(1))
        nearest[sharpness] = torch.cdist(drawn(mapping, 0), codes).amin(1).median().item()
    assert nearest[3.0] > 5.0 * nearest[20.0]


def test_one_clip_is_enough() -> None:
    mapping = Mapping(4, 3, 1, 1, sharpness=5.0)
    mapping.arrange(torch.Generator().manual_seed(0))
    torch.testing.assert_close(mapping(torch.randn(5, 4), torch.zeros(5)), mapping.codes.expand(5, 3))


def test_centres_are_means() -> None:
    mapping = clustered()
    torch.testing.assert_close(mapping.centres(2)[1], mapping.codes[20:].mean(0))


def picks(mapping: Mapping, count: int = 4000) -> tuple[torch.Tensor, torch.Tensor]:
    """Which clips of category 0 the halves of w are nearest to."""
    halves = zip(drawn(mapping, 0, count).chunk(2, 1), mapping.codes[mapping.labels == 0].chunk(2, 1), strict=True)
    first, second = (torch.cdist(half, codes).argmin(1) for half, codes in halves)
    return first, second


def test_a_turn_takes_the_halves_of_w_from_different_clips() -> None:
    mapping, together = clustered(), {}
    for mapping.turn in (0.0, 30.0, 60.0, 90.0):
        first, second = picks(mapping)
        together[mapping.turn] = (first // 2 == second // 2).double().mean().item()  # of the same pair of neighbours
        for half in (first, second):  # and every pair has its share in both
            share = (half // 2).bincount(minlength=10) / len(half) * 10
            assert share.min() > 0.5 and share.max() < 1.6
    assert together[0.0] > 0.9 and together[90.0] < 0.2
    assert together[0.0] > together[30.0] > together[60.0] > together[90.0]
    assert 0.2 < together[60.0] < 0.6


def test_a_turn_leaves_z_as_gaussian_as_it_was() -> None:
    z = torch.randn(20000, 4, generator=torch.Generator().manual_seed(0))
    turned = _turned(z, math.radians(60.0))
    torch.testing.assert_close(turned.norm(dim=1), z.norm(dim=1))
    torch.testing.assert_close((z * turned).mean(0), torch.full((4,), 0.5), atol=0.03, rtol=0)
