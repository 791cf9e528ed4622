import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from synth.checkpoint.starting_points import presets as published_presets
from synth.checkpoint.starting_points import start_of
from synth.checkpoint.store import load_card
from synth.errors import CheckpointError
from synth.patch.patch import Patch
from synth.publishing.finding_presets import EACH, PSI, chosen, presets


def test_the_surest_comes_first_and_the_others_lie_far_apart() -> None:
    """Of eight seeds the surer four: three that differ, and one all but where the first is."""
    margin = np.array([0.1, 3.0, 2.0, 2.5, 2.2, 0.0, 0.2, 0.3])
    told = np.zeros((8, 4))
    told[1], told[2], told[3], told[4] = (2, 0, 0, 0), (-2, 0, 0, 0), (1.9, 0, 0, 0), (0, 3, 0, 0)
    found = chosen(margin, told)
    assert [one["seed"] for one in found] == [1, 4, 2, 3] and found[0]["margin"] == 3.0
    assert [one["name"].split(", ")[0] for one in found[:3]] == ["Bright", "Noisy", "Dark"]
    assert len({one["name"] for one in found}) == EACH


def test_presets_of_a_model_are_on_its_card(
    tiny_checkpoint: Path, recordings: Path, tmp_path: Path, monkeypatch
) -> None:
    root = shutil.copytree(tiny_checkpoint, tmp_path / "checkpoints")
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(root))
    found = presets("tiny", recordings, seeds=8, update=True)
    assert set(found) == {"hit", "scrape"} and all(len(of) == EACH for of in found.values())
    card = load_card(root / "tiny")
    for category, of in found.items():
        starts = published_presets(card, category)
        assert [start.seed for start in starts] == [one["seed"] for one in of] and {s.psi for s in starts} == {PSI}
        assert len({start.name for start in starts}) == EACH
        assert start_of(Patch("tiny", category, starts[1].seed, psi=PSI), starts) == starts[1]
    assert "margin" not in json.dumps(card.presets) and published_presets(card, None) == ()


def test_a_model_without_categories_in_w_is_refused(families: Path, recordings: Path, monkeypatch) -> None:
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(families))
    with pytest.raises(CheckpointError, match="presets are for models that have"):
        presets("wgan", recordings)
