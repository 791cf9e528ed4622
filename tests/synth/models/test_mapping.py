import torch

from synth.models.mapping import Mapping


def clustered(clips: int = 40, categories: int = 2, w_dim: int = 6) -> Mapping:
    """Codes in pairs of near neighbours: clips 2i and 2i + 1 of a category lie close, pairs far apart."""
    torch.manual_seed(0)
    mapping = Mapping(16, w_dim, categories, clips)
    mapping.labels.copy_(torch.arange(clips) * categories // clips)
    centres = 10.0 * torch.randn(clips // 2, w_dim)
    mapping.codes.copy_(centres.repeat_interleave(2, 0) + 0.1 * torch.randn(clips, w_dim))
    mapping.arrange(torch.Generator().manual_seed(1))
    return mapping


def drawn(mapping: Mapping, category: int, count: int = 4000) -> torch.Tensor:
    z = torch.randn(count, 16, generator=torch.Generator().manual_seed(2))
    return mapping(z, torch.full((count,), category))


def test_only_clips_of_the_category_take_part() -> None:
    mapping = clustered()
    before = drawn(mapping, 0, 50)
    mapping.codes[mapping.labels == 1] = 1e6
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


def test_one_clip_is_enough() -> None:
    mapping = Mapping(4, 3, 1, 1)
    mapping.arrange(torch.Generator().manual_seed(0))
    torch.testing.assert_close(mapping(torch.randn(5, 4), torch.zeros(5)), mapping.codes.expand(5, 3))


def test_centres_are_means() -> None:
    mapping = clustered()
    torch.testing.assert_close(mapping.centres(2)[1], mapping.codes[20:].mean(0))
