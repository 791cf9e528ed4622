"""Scores, from the trainer's snapshots to a published card, with a network of YAMNet's layout and random weights."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from synth.checkpoint.store import verify
from synth.cli.command import main
from synth.publishing.evaluate import evaluate
from synth.publishing.publish import publish
from synth.recipes.presets import preset
from synth.runs.run import Run
from synth.runs.state import load_state
from synth.training.snapshot import as_frequent
from synth.training.trainer import Budget, Trainer


@pytest.fixture(scope="module")
def scored_run(recordings: Path, yamnet_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run.create(tmp_path_factory.mktemp("runs") / "scored", preset("tiny"), recordings)
    Trainer(run, device=torch.device("cpu"), yamnet=yamnet_weights, report=lambda _: None).train(Budget(kimg=0.13))
    return run


def best_line(run: Run) -> dict[str, float]:
    state = load_state(run.best, torch.device("cpu"))
    assert state is not None
    return state["line"]


def test_snapshots_are_scored_and_the_best_is_kept(scored_run: Run) -> None:
    scored = [line for line in scored_run.metrics() if "fad" in line]
    assert scored and all(line["fad"] >= 0 and 0 <= line["hit_rate"] <= 1 for line in scored)
    best = best_line(scored_run)
    assert best["fad"] == min(line["fad"] for line in scored)


@pytest.fixture
def scored(scored_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run, published as the model `scored`."""
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path))
    return publish(scored_run, "scored")


def test_published_card_holds_the_scores_of_its_snapshot(scored_run: Run, scored: Path) -> None:
    card = json.loads((scored / "card.json").read_text())
    best = best_line(scored_run)
    assert card["metrics"]["snapshot"]["fad"] == best["fad"] and card["training"]["images_seen"] == best["seen"]
    assert "figure, valid split, YAMNet" in (scored / "README.md").read_text()


def test_a_newest_state_without_scores_has_the_curve_of_those_before_it(scored_run: Run, tmp_path: Path) -> None:
    run = Run.open(Path(shutil.copytree(scored_run.folder, tmp_path / "run")))
    last = run.metrics()[-1]["seen"]
    lines = [line for line in run.metrics() if "fad" not in line or line["seen"] < last]
    assert (scored := [line for line in lines if "fad" in line])
    run.metrics_path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    folder = publish(run, "newest", root=tmp_path, newest=True)
    card = json.loads((folder / "card.json").read_text())
    course = card["training"]["course"]
    assert [at["fad"] for at in course] == [round(line["fad"], 4) for line in scored]
    assert [at["images_seen"] for at in course] == [line["seen"] for line in scored]
    minutes = [at["minutes"] for at in course]
    assert minutes == sorted(minutes) and minutes[-1] <= card["training"]["wall_minutes"] + 0.1
    assert card["metrics"]["snapshot"] == {"space": "YAMNet"}
    assert "Not scored" in (folder / "README.md").read_text()


def test_evaluate_without_any_file_scores_with_alexnet(
    scored: Path, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (scored / "card.json").read_bytes()
    assert main(["evaluate", "--model", "scored", "--data", str(recordings), "--count", "6"]) == 0
    text = capsys.readouterr().out
    for words in ("aiSFX, new", "AlexNet", "training clips (floor)", "valid clips (ceiling)", "untrained", "copies"):
        assert words in text
    assert "6 sounds against 2 valid clips" in text and "YAMNet" not in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1, "one table"
    assert (scored / "card.json").read_bytes() == before


def test_evaluate_adds_figures_and_pictures_to_the_checkpoint(
    scored: Path, recordings: Path, yamnet_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = json.loads((scored / "card.json").read_text())["files"]
    (scored / "samples.png").unlink()
    command = ["evaluate", "--model", "scored", "--data", str(recordings), "--yamnet", str(yamnet_weights)]
    assert main([*command, "--count", "12", "--update-card", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    card = json.loads((scored / "card.json").read_text())
    assert card["metrics"]["evaluation"] == report and "snapshot" in card["metrics"] and card["files"] == files
    # The run was taught through AlexNet.
    assert {name: of["new"] for name, of in report["spaces"].items()} == {
        "YAMNet": True,
        "aiSFX": True,
        "AlexNet": False,
    }
    assert list(report["spaces"])[-1] == "AlexNet" and report["telling"] == "YAMNet"
    for space in report["spaces"].values():
        assert set(space["sets"]) == {"floor", "ceiling", "model", "between", "at", "codec", "untrained"}
        assert space["worst"] is None, "six sounds of a category tell too little"
        assert space["sets"]["model"]["n"] == 12 and space["sets"]["floor"]["n"] == 12
        assert space["categories"]["hit"]["train_clips"] == 9 and space["categories"]["hit"]["sounds"] == 6
        assert space["categories"]["hit"]["kad_train"] is None, "one valid clip is too few"
        assert 0.0 <= space["memorisation"]["copies"] <= 1.0
        assert 0.0 <= space["sets"]["between"]["copies"] <= 1.0 and "copies" not in space["sets"]["at"]
    assert report["resynthesis"]["encoded"]["lpips"] > 0 and "random" in report["resynthesis"]
    assert 0.0 <= report["profiles"]["copies"] <= 1.0 and "top" not in report
    text = (scored / "README.md").read_text()
    assert "taught through AlexNet" in text and text.index("FAD-YAMNet") < text.index("FAD-AlexNet")
    for words in (
        "FAD-AlexNet",
        "FAD-YAMNet",
        "FAD-aiSFX",
        "correlation of profiles",
        "### Copies",
        "### Valid clips made again",
        "## Limits",
        "samples.png",
    ):
        assert words in text
    assert verify(scored).categories == ("hit", "scrape")
    for name in ("samples.png", "curves.png"):
        assert Image.open(scored / name).size[0] > 300
    assert not list(scored.glob("*.tmp"))


def test_what_cannot_be_evaluated_is_one_line(
    scored: Path, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (
        ["--data", str(tmp_path)],
        ["--data", str(recordings), "--yamnet", "/nowhere"],
        ["--data", str(recordings), "--count", "1"],
        ["--data", str(recordings), "--quick", "--update-card"],
    ):
        assert main(["evaluate", "--model", "scored", *arguments]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_quick_evaluation_is_of_the_model_beside_its_references(scored: Path, recordings: Path) -> None:
    report = evaluate("scored", recordings, 4, quick=True)
    assert list(report["spaces"]) == ["aiSFX", "AlexNet"] and "resynthesis" not in report
    assert set(report["spaces"]["aiSFX"]["sets"]) == {"floor", "ceiling", "model"}


def test_a_model_without_an_encoder_is_scored(scored: Path, recordings: Path) -> None:
    (scored / "encoder.safetensors").unlink()
    card = json.loads((scored / "card.json").read_text())
    del card["files"]["encoder.safetensors"]
    (scored / "card.json").write_text(json.dumps(card))
    assert "resynthesis" not in evaluate("scored", recordings, 4)


def test_credits_name_every_licence_that_asks_for_them(tmp_path: Path, recordings: Path) -> None:
    from synth.publishing.publish import _write_attribution
    from synth.recordings.dataset import scan

    rows = ["file,class,split,licence,author,url"]
    for i, licence in enumerate(("CC0-1.0", "CC-BY-4.0", "MIT", "Public Domain")):
        rows.append(f"hit/hit_{i}.wav,hit,train,{licence},author {i},https://example.org/{i}")
    data = tmp_path / "data"
    data.mkdir()
    (data / "hit").symlink_to(recordings / "hit")
    (data / "metadata.csv").write_text("\n".join(rows))
    _write_attribution(tmp_path, scan(data))
    text = (tmp_path / "ATTRIBUTION.md").read_text()
    assert "author 1, https://example.org/1 (CC-BY-4.0)" in text and "author 2" in text
    assert "author 0" not in text and "author 3" not in text


@pytest.mark.parametrize("count", [2, 7, 10, 25, 512])
def test_categories_are_drawn_as_frequently_as_in_the_valid_split(count: int) -> None:
    labels = torch.tensor([2, 0, 0, 1, 0, 2, 0, 0, 1, 0])
    drawn = torch.bincount(as_frequent(labels, count), minlength=3)
    assert drawn.sum() == count
    assert (drawn - count * torch.tensor([0.6, 0.2, 0.2])).abs().max() < 1.0
