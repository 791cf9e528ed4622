"""Scores, from the trainer's snapshots to a published card, with a network of YAMNet's layout and random weights."""

import json
from pathlib import Path

import pytest
import torch

from synth.cli import main
from synth.training.presets import preset
from synth.training.publish import publish
from synth.training.run import Run
from synth.training.state import load_state
from synth.training.trainer import Budget, Trainer


@pytest.fixture(scope="module")
def scored_run(recordings: Path, yamnet_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run.create(tmp_path_factory.mktemp("runs") / "scored", preset("tiny"), recordings)
    Trainer(run, device=torch.device("cpu"), weights=yamnet_weights, report=lambda _: None).train(Budget(kimg=0.13))
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


def test_published_card_holds_the_best_scores_and_evaluate_adds_references(
    scored_run: Run,
    recordings: Path,
    yamnet_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path))
    folder = publish(scored_run, "scored")
    card = json.loads((folder / "card.json").read_text())
    best = best_line(scored_run)
    assert card["metrics"]["fad"] == best["fad"] and card["training"]["images_seen"] == best["seen"]
    command = [
        "evaluate",
        "--model",
        "scored",
        "--data",
        str(recordings),
        "--yamnet",
        str(yamnet_weights),
        "--count",
        "12",
    ]
    assert main([*command, "--update-card", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"fad", "fad_train_against_valid", "fad_untrained", "hit_rate_real_valid"} <= report.keys()
    assert json.loads((folder / "card.json").read_text())["metrics"]["fad_untrained"] == report["fad_untrained"]
    assert "FAD of an untrained generator" in (folder / "README.md").read_text()
    assert main(["evaluate", "--model", "scored", "--data", str(tmp_path), "--yamnet", str(yamnet_weights)]) == 2
    assert main(["evaluate", "--model", "scored", "--data", str(recordings), "--yamnet", "/nowhere"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_credits_name_every_licence_that_asks_for_them(tmp_path: Path, recordings: Path) -> None:
    from synth.training.publish import _write_attribution

    rows = ["file,class,split,licence,author,url"]
    for i, licence in enumerate(("CC0-1.0", "CC-BY-4.0", "MIT", "Public Domain")):
        rows.append(f"hit/hit_{i}.wav,hit,train,{licence},author {i},https://example.org/{i}")
    data = tmp_path / "data"
    data.mkdir()
    (data / "hit").symlink_to(recordings / "hit")
    (data / "metadata.csv").write_text("\n".join(rows))
    _write_attribution(tmp_path, data)
    text = (tmp_path / "ATTRIBUTION.md").read_text()
    assert "author 1, https://example.org/1 (CC-BY-4.0)" in text and "author 2" in text
    assert "author 0" not in text and "author 3" not in text
