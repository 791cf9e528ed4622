import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from synth.audio.maps import Maps
from synth.chart.chart_file import FILE
from synth.checkpoint.store import load_card, verify
from synth.errors import CheckpointError, DataError, PatchError
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.patch.place import Place
from synth.publishing.charting import chart
from synth.publishing.layouts import LAYOUTS

POINTS = 60


@pytest.fixture
def charted(tiny_checkpoint: Path, recordings: Path, tmp_path: Path, monkeypatch) -> StyleInstrument:
    root = shutil.copytree(tiny_checkpoint, tmp_path / "checkpoints")
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(root))
    chart("tiny", recordings, POINTS, update=True)
    return StyleInstrument.load("tiny", "cpu")


def test_a_map_is_published_with_its_model(charted: StyleInstrument, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints" / "tiny"
    assert FILE in verify(folder).files and load_card(folder).files[FILE]
    made = charted.chart
    assert len(made.clips) + len(made.seeds) == len(made.points) >= POINTS - 1
    assert np.abs(made.points).max() == pytest.approx(1.0, abs=1e-6) and set(made.categories) == {0, 1}


def test_a_point_is_its_seed_or_its_clip(charted: StyleInstrument) -> None:
    made, mapping = charted.chart, charted.generator.mapping
    clip, drawn = charted.point(0), charted.point(len(made.clips))
    assert clip.latent == tuple(mapping.codes[int(made.clips[0])].tolist())
    assert drawn == Patch("tiny", charted.card.categories[made.categories[len(made.clips)]], int(made.seeds[0]))
    for number, patch in ((0, clip), (len(made.clips), drawn)):
        assert charted.found(patch) == pytest.approx(tuple(made.points[number].tolist()), abs=1e-3)
        assert charted.placed(Place("tiny", *made.points[number].tolist())).category == patch.category
    with pytest.raises(PatchError, match="must be 0"):
        charted.point(-1)


def test_every_place_sounds_and_a_small_step_is_a_small_one(charted: StyleInstrument) -> None:
    corner = charted.render(charted.placed(Place("tiny", 1.0, -1.0)))
    assert np.abs(corner.samples).max() > 0.01
    line = np.linspace((-0.8, -0.6), (0.7, 0.9), 2000)
    latents = np.array([charted.placed(Place("tiny", x, y)).latent for x, y in line])
    steps, whole = np.linalg.norm(np.diff(latents, axis=0), axis=1), np.ptp(latents, axis=0)
    assert steps.max() < 0.1 * np.linalg.norm(whole)


def test_a_journey_is_as_long_as_asked_and_goes_evenly(charted: StyleInstrument) -> None:
    track = ((-0.8, -0.6), (0.2, 0.0), (0.7, 0.9))
    stretches = list(charted.travelled(track, 5.0))
    sound = charted.sounded(stretches[-1], Patch("tiny"))
    assert sound.seconds == pytest.approx(5.0, abs=0.1) and stretches[-1].share == 1.0
    made = stretches[-1].maps.mean
    ends = torch.tensor([charted.placed(Place("tiny", *track[i])).latent for i in (0, -1)])
    drawn = zip(*charted.generator.synthesis(charted.generator.broadcast(ends)), strict=True)
    begin, end = (Maps.of(charted.codec, *one).mean for one in drawn)
    assert np.abs(made[:4] - begin[:4]).mean() < 0.2 * np.abs(made[:4] - end[:4]).mean()
    assert np.abs(made[-4:] - end[-4:]).mean() < 0.2 * np.abs(made[-4:] - begin[-4:]).mean()
    pace = charted._even_journey(track)
    assert pace(0.0) == 0.0 and pace(1.0) == 1.0 and pace(0.3) < pace(0.6)
    with pytest.raises(PatchError, match="draw a line"):
        next(charted.travelled(track[:1], 5.0))


def test_other_recordings_are_refused(charted: StyleInstrument, recordings: Path, tmp_path: Path) -> None:
    fewer = shutil.copytree(recordings, tmp_path / "fewer")
    next(iter(sorted(fewer.rglob("*.wav")))).unlink()
    with pytest.raises(DataError, match="is not what tiny was trained on"):
        chart("tiny", fewer, POINTS)


def test_a_model_without_w_has_none(families: Path, recordings: Path, monkeypatch) -> None:
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(families))
    with pytest.raises(CheckpointError, match="maps are for models that have"):
        chart("wgan", recordings)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_keep_clouds_apart(name: str) -> None:
    rng = np.random.default_rng(0)
    w, labels = rng.normal(size=(60, 8)), np.arange(60) % 3
    w[labels == 1] += 8.0
    w[labels == 2, :4] -= 8.0
    placed = LAYOUTS[name](w, labels)
    nearest = np.linalg.norm(placed[:, None] - placed, axis=2) + 9.0 * np.eye(60)
    assert placed.shape == (60, 2) and np.abs(placed).max() <= 1.0 + 1e-6
    assert (labels[nearest.argmin(1)] == labels).all()
