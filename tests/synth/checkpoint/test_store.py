import json
import shutil
from pathlib import Path

import pytest
from safetensors import SafetensorError

from synth.checkpoint.store import CARD, Card, catalogue, find, load_card, verify
from synth.errors import CheckpointError, RunError
from synth.instruments.style import StyleInstrument
from synth.publishing.publish import publish
from synth.recipes.presets import preset
from synth.runs.run import Run

ROOT = Path(__file__).resolve().parents[3]


def copy_of(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published / "tiny", tmp_path / "tiny")
    return tmp_path / "tiny"


def test_card_says_what_was_trained(published: Path) -> None:
    card = verify(published / "tiny")
    assert card.categories == ("hit", "scrape") and card.family == "stylegan2"
    assert card.data["clips_per_category"] == {"hit": 9, "scrape": 9}
    assert card.training["images_seen"] >= 80
    parts = ("generator", "encoder", "directions", "prototypes")
    assert set(card.files) == {f"{n}.safetensors" for n in parts}
    assert [p["name"] for p in card.prototypes] == ["hit", "scrape"]
    assert Card.from_dict(json.loads(json.dumps(card.to_dict()))) == card
    assert "# Tiny" in (published / "tiny" / "README.md").read_text()


def test_a_card_says_whether_its_sounds_are_single_events(published: Path) -> None:
    shipped = catalogue(ROOT / "checkpoints")
    assert (shipped["hits_scratches"].one_shot, shipped["environmental"].one_shot) == (True, False)
    values = load_card(published / "tiny").to_dict()
    assert values["one_shot"] is True
    del values["one_shot"]  # as in cards that were written before there was the field
    assert Card.from_dict(values).one_shot is True
    assert Card.from_dict(values | {"duration": 4.1}).one_shot is False


def test_catalogue_lists_readable_cards_only(published: Path, tmp_path: Path) -> None:
    copy_of(published, tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / CARD).write_text("{")
    shutil.copytree(tmp_path / "tiny", tmp_path / "tiny.old")
    shutil.copytree(tmp_path / "tiny", tmp_path / ".tiny-being-written")
    assert list(catalogue(tmp_path)) == ["tiny"]
    assert catalogue(tmp_path / "nowhere") == {}


def test_unknown_model_lists_the_valid_ones(published: Path) -> None:
    for bad in ("nothing", "../tiny", "", "."):
        with pytest.raises(CheckpointError, match="choose one of: tiny"):
            find(bad, published)


@pytest.mark.parametrize("name", ["generator.safetensors", "directions.safetensors", "encoder.safetensors"])
def test_damaged_file_is_named(published: Path, tmp_path: Path, name: str) -> None:
    folder = copy_of(published, tmp_path)
    data = bytearray((folder / name).read_bytes())
    data[-1] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.") + " is damaged"):
        StyleInstrument.load(folder)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        StyleInstrument.load(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": 3}', '{"format": 99}'])
def test_damaged_card_is_one_sentence(published: Path, tmp_path: Path, text: str) -> None:
    folder = copy_of(published, tmp_path)
    (folder / CARD).write_text(text)
    with pytest.raises(CheckpointError, match=r"restore the checkpoint|newer version"):
        load_card(folder)


def test_card_that_does_not_fit_the_weights(published: Path, tmp_path: Path) -> None:
    folder = copy_of(published, tmp_path)
    values = json.loads((folder / CARD).read_text())
    values["network"]["hidden"] = 48
    (folder / CARD).write_text(json.dumps(values))
    with pytest.raises(CheckpointError, match="does not hold what its card says"):
        StyleInstrument.load(folder)


def test_publish_needs_a_trained_run_and_a_plain_id(recordings: Path, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", preset("tiny"), recordings)
    with pytest.raises(RunError, match="cannot make sounds yet"):
        publish(run, "early", root=tmp_path)
    for bad in ("../early", "", ".", "my drums", "ü"):
        with pytest.raises(RunError, match="model id"):
            publish(run, bad, root=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["run"], "nothing half-written is left"


def test_full_disk_keeps_the_older_model(tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(Run.open(tiny_run), "mine", title="First", root=tmp_path)

    def full(*_: object) -> None:
        raise SafetensorError("IoError: No space left on device")

    monkeypatch.setattr("synth.publishing.publish.save_file", full)
    with pytest.raises(RunError, match="free some disk space"):
        publish(Run.open(tiny_run), "mine", title="Second", root=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]
    assert verify(tmp_path / "mine").title == "First"


def test_publishing_again_replaces_the_model(tiny_run: Path, tmp_path: Path) -> None:
    for title in ("First", "Second"):
        publish(Run.open(tiny_run), "mine", title=title, root=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]
    assert verify(tmp_path / "mine").title == "Second"
