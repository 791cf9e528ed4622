"""A kit as a value and as a file, and what is said of one that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth.checkpoint.store import catalogue
from synth.errors import KitError
from synth.kits.kit import Kit, Pad
from synth.kits.kit_file import fitted, read_kit
from synth.patch.patch import Patch

BASE = Patch(model="tiny")


def written(folder: Path, text: str) -> Path:
    path = folder / "kit.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_all_of_a_kit(tmp_path: Path) -> None:
    (tmp_path / "bell.json").write_text(Patch(model="tiny", category="hit", seed=5, width=0.5).to_json())
    path = written(
        tmp_path,
        """
        name = "Metal & wood"
        velocities = 4
        round_robins = 3
        brightness = 2
        variation = 0.3
        rate = 48000
        [[pad]]
        category = "hit"
        seed = 7
        choke = 1
        [[pad]]
        name = "Bell"
        patch = "bell.json"
        seed = 9
        note = 60
        keys = [48, 72]
        every = 4
        level = -3
        [[pad]]
        category = "scrape"
        loop = true
        length = 1.5
        sliders = {"dim 1" = 1.5}
        """,
    )
    assert read_kit(path, BASE) == Kit(
        (
            Pad(Patch(model="tiny", category="hit", seed=7), 36, "tiny_hit_s7", choke=1),
            Pad(Patch(model="tiny", category="hit", seed=9, width=0.5), 60, "Bell", (48, 72), 4, level=-3.0),
            Pad(Patch(model="tiny", category="scrape", loop=True, length=1.5, sliders={"dim 1": 1.5}), 38),
        ),
        "Metal & wood",
        4,
        3,
        2.0,
        0.3,
        48000,
    )


def test_what_a_file_leaves_out_is_usual(tmp_path: Path) -> None:
    kit = read_kit(written(tmp_path, "[[pad]]\n[[pad]]\nmodel = 'other'\n"), BASE)
    assert [(pad.note, pad.patch.model, pad.name) for pad in kit.pads] == [
        (36, "tiny", "tiny_s0"),
        (37, "other", "other_s0"),
    ]
    assert (kit.name, kit.velocities, kit.round_robins, kit.rate) == ("kit", 1, 1, 44100)
    assert read_kit(written(tmp_path, "model = 'other'\n[[pad]]\n"), BASE).pads[0].patch.model == "other"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the kit has no pad: give it one or more"),
        (
            "[[pad]]\n[[pad]]\nnote = 36\n",
            "pads 1 (tiny_s0) and 2 (tiny_s0) are both on key 36: give one of them another",
        ),
        ("[[pad]]\nkeys = [30, 40]\n[[pad]]\n", "are both on key 37"),
        ("[[pad]]\nnote = 128\n", "pad 1: note: must lie in 0..127, not 128"),
        ("[[pad]]\nnote = -1\n", "pad 1: note: must lie in 0..127, not -1"),
        ("[[pad]]\nnote = 36.5\n", "pad 1: note: must be a whole number, not float"),
        ("[[pad]]\nkeys = [60, 128]\n", "pad 1: keys: must lie in 0..127, not 128"),
        ("[[pad]]\nkeys = [60, 48]\n", "pad 1: keys: must begin with the lowest key, and 60 lies above 48"),
        ("[[pad]]\nkeys = 'all'\n", "pad 1: keys: must be the lowest and the highest key, as [48, 72]"),
        ("[[pad]]\nname = 'a/b'\n", "pad 1: name: is a file's name too"),
        ("[[pad]]\nname = 'a\\\\b'\n", "pad 1: name: is a file's name too"),
        ("[[pad]]\nname = 'con'\n", "pad 1: name: is a file's name too"),
        ("name = '../out'\n[[pad]]\n", "name: is a file's name too"),
        ("[[pad]]\n" * 10_000, "a kit has 16 pads at most, not 10000: make several kits of them"),
        ("[[pad]]\nseed = -1\n", "pad 1: seed: must lie in 0..4294967295, not -1"),
        ("[[pad]]\nvolume = 3\n", "pad 1: volume is no field of a pad: use patch, note, name"),
        ("[[pad]]\nchoke = 0\n", "pad 1: choke: must lie in 1..16, not 0"),
        ("[[pad]]\nlevel = 13\n", "pad 1: level: must lie in -24..12, not 13"),
        ("[[pad]]\nlevel = nan\n", "pad 1: level: must lie in -24..12, not nan"),
        ("[[pad]]\npatch = 'gone.json'\n", "cannot be read as a patch: name a JSON file"),
        ("[[pad]]\npatch = 3\n", "pad 1: patch must name a file"),
        ("pad = 3\n", "pad must be tables, one a pad: begin each with [[pad]]"),
        ("colour = 1\n[[pad]]\n", "colour is no field of a kit"),
        ("rate = 16000\n[[pad]]\n", "rate: must be one of 44100, 48000 Hz, not 16000"),
        ("velocities = 9\n[[pad]]\n", "velocities: must lie in 1..8, not 9"),
        ("round_robins = true\n[[pad]]\n", "round_robins: must be a whole number, not bool"),
        ("variation = 2\n[[pad]]\n", "variation: must lie in 0..1, not 2"),
        ("brightness = 'much'\n[[pad]]\n", "brightness: must be a number, not str"),
        ("[[pad]\n", "is not TOML"),
        ("[[pad]]\nnote = 1\nnote = 2\n", "is not TOML"),
    ],
)
def test_each_fault_has_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(KitError) as refused:
        read_kit(written(tmp_path, text), BASE)
    assert told in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "kit.toml").write_bytes(content)
    with pytest.raises(KitError, match="cannot be read as a kit: name a TOML file"):
        read_kit(tmp_path / "kit.toml", BASE)


@pytest.mark.usefixtures("tiny_checkpoint")
@pytest.mark.parametrize(
    ("pad", "told"),
    [
        ({"model": "none"}, "pad 1: there is no model none: use tiny"),
        ({"category": "piano"}, "pad 1: tiny has no category 'piano': use hit, scrape"),
        ({"sliders": {"Volume": 1.0}}, "pad 1: tiny has no slider 'Volume': use "),
    ],
)
def test_what_no_model_has_is_refused(pad: dict[str, Any], told: str) -> None:
    kit = Kit((Pad(Patch.from_json(json.dumps({"model": "tiny", **pad})), 36),))
    with pytest.raises(KitError) as refused:
        fitted(kit, catalogue())
    assert str(refused.value).startswith(told)


@pytest.mark.usefixtures("tiny_checkpoint")
def test_a_slider_is_found_in_any_case() -> None:
    kit = Kit((Pad(Patch(model="tiny", sliders={"DIM 1": 1.0, "SeFa 3": 2.0}), 36),))
    assert dict(fitted(kit, catalogue()).pads[0].patch.sliders) == {"Dim 1": 1.0, "SeFa 3": 2.0}


def test_a_pad_is_called_by_its_patch_within_the_longest_name() -> None:
    long = {f"A slider of a long name {i}": 1.25 for i in range(4)}
    assert len(Pad(Patch(category="metal_hit", sliders=long), 36).name) == 64
