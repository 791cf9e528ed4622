import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from synth.checkpoint.store import load_card
from synth.models.mapping import LEFT_OUT, Mapping
from synth.publishing import publish as publishing
from synth.publishing.leaving_out import leave_out, unsure
from synth.recordings.dataset import load_clips
from synth.runs.run import Run
from synth.runs.state import load_state
from synth.training.style_learner import Networks


def test_those_below_zero_go_and_half_of_a_category_stays() -> None:
    margins = np.array([1.0, -0.1, 2.0, 0.5, -3.0, -1.0, -2.0, -0.5, -4.0])
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    assert unsure(margins, labels).tolist() == [False, True, False, False, True, False, False, False, True]
    assert not unsure(np.array([-1.0]), np.array([0])).any()


def test_no_z_chooses_a_clip_that_was_left_out() -> None:
    torch.manual_seed(0)
    mapping = Mapping(8, 16, categories=2, clips=20, sharpness=8.0)
    mapping.arrange(torch.Generator().manual_seed(0))
    left = torch.zeros(20, dtype=torch.bool)
    left[[0, 2, 5]] = True
    mapping.leave_out(left, torch.Generator().manual_seed(0))
    z, category = torch.randn(4000, 8), torch.arange(4000) % 2
    weights = mapping._chosen(z, category)
    assert weights[:, left].max() == 0.0 and weights.sum(1).allclose(torch.ones(4000))
    share = weights[category == 0].mean(0)[::2][~left[::2]]
    assert share.min() > 0.5 / len(share) and share.max() < 2.0 / len(share)
    torch.testing.assert_close(mapping.centres(2)[0], mapping.codes[4::2].mean(0))
    assert torch.tensor(LEFT_OUT).half().isfinite()


def test_a_run_that_goes_on_chooses_from_all_again() -> None:
    mapping = Mapping(8, 16, categories=2, clips=20, sharpness=8.0)
    mapping.leave_out(torch.arange(20) < 4, torch.Generator())
    mapping.arrange(torch.Generator().manual_seed(0))
    assert mapping.chosen_from.all()


def test_a_run_leaves_out_what_it_does_not_know(tiny_run: Path, recordings: Path) -> None:
    """And at least half of each stays."""
    run = Run.open(tiny_run)
    config, data, _ = run.found()
    networks = Networks(config)
    networks.load_state_dict(load_state(run.state, torch.device("cpu"))["learner"]["networks"])
    clips = load_clips(data, "train", config.codec.sample_rate, config.codec.samples)
    generator = networks.average.eval()
    count = leave_out(generator, config, clips, None)
    kept = generator.mapping.chosen_from
    assert count == int((~kept).sum())
    for category in range(config.categories):
        own = clips.labels == category
        assert kept[own].sum() * 2 >= own.sum()
    torch.testing.assert_close(generator.w_avg, generator.mapping.centres(config.categories))


def test_without_a_network_that_it_was_taught_through_all_stay(tiny_run: Path) -> None:
    run = Run.open(tiny_run)
    config, data, _ = run.found()
    clips = load_clips(data, "train", config.codec.sample_rate, config.codec.samples)
    generator = Networks(config).average.eval()
    other = replace(config, projector="yamnet")
    assert leave_out(generator, other, clips, None) == 0 and generator.mapping.chosen_from.all()


def test_the_card_says_how_many(tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "leave_out", lambda *_: 3)
    folder = publishing.publish(Run.open(tiny_run), "some", root=tmp_path)
    clips = load_card(folder).network["clips"]
    assert json.loads((folder / "card.json").read_text())["training"]["left_out"] == 3
    assert f"It draws from {clips - 3} of {clips} clips" in (folder / "README.md").read_text()
