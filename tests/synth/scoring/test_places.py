"""Places at the codes of clips, and half way between those of neighbours."""

import torch

from synth.models.mapping import Mapping
from synth.scoring.places import at_clips, between_clips


def mapping() -> Mapping:
    """Three categories of 6, 6 and 1 codes; w_dim 2."""
    torch.manual_seed(0)
    found = Mapping.__new__(Mapping)
    torch.nn.Module.__init__(found)
    found.codes = torch.randn(13, 2)
    found.labels = torch.tensor([0] * 6 + [1] * 6 + [2])
    return found


def test_at_clips_are_codes_of_the_category_none_twice_while_there_are_others() -> None:
    labels = torch.tensor([0, 1, 1, 0, 0, 2, 0, 0, 0, 2])
    prior = mapping()
    places = at_clips(prior, labels, torch.Generator().manual_seed(1))
    assert torch.equal(places.w, prior.codes[places.clips]) and torch.equal(prior.labels[places.clips], labels)
    assert places.clips[labels == 0].unique().numel() == 6, "six codes for six sounds"
    assert places.clips[labels == 2].tolist() == [12, 12]


def test_between_is_half_way_to_one_of_the_nearest_of_the_category() -> None:
    labels = torch.tensor([0, 1, 2, 1, 0])
    prior = mapping()
    places = between_clips(prior, labels, torch.Generator().manual_seed(1))
    for w, clip, category in zip(places.w, places.clips, labels, strict=True):
        others = prior.codes[prior.labels == category]
        other = 2 * w - prior.codes[clip]
        order = (others - prior.codes[clip]).norm(dim=1).argsort()
        assert any(torch.allclose(other, others[i], atol=1e-6) for i in order[:5])
        assert category == 2 or not torch.allclose(other, prior.codes[clip]), "only one that is alone stays at itself"
