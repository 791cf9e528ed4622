"""The verb `kit`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth.cli.command import main
from tests.harness.samplers import read_sfz

KIT = "round_robins = 2\n[[pad]]\ncategory = 'hit'\n[[pad]]\ncategory = 'scrape'\nnote = 60\nsliders = {'dim 1' = 1}\n"


def run(capsys: pytest.CaptureFixture[str], folder: Path, text: str, *more: str) -> tuple[int, str, str]:
    (folder / "drums.toml").write_text(text)
    out = ["--out", str(folder / "out")]
    code = main(["kit", "--model", "tiny", "--pads", str(folder / "drums.toml"), *out, *more])
    return (code, *capsys.readouterr())


@pytest.mark.usefixtures("tiny_checkpoint")
def test_a_kit_is_written_and_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, tmp_path, KIT, "--json")
    told = json.loads(out)
    assert code == 0 and len(told["files"]) == 5
    (sfz,) = (name for name in told["files"] if name.endswith(".sfz"))
    assert sfz == "drums.sfz" and {r.root for r in read_sfz(tmp_path / "out" / sfz).regions} == {36, 60}
    again = run(capsys, tmp_path, KIT)
    assert again[0] == 2 and "is already in use: name a folder that is new or empty" in again[2]


@pytest.mark.usefixtures("tiny_checkpoint")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the kit has no pad"),
        ("[[pad]]\ncategory = 'piano'\n", "tiny has no category 'piano': use hit, scrape"),
        ("[[pad]]\nsliders = {Loud = 1}\n", "tiny has no slider 'Loud': use "),
        ("[[pad]]\nmodel = 'none'\n", "there is no model none: use tiny"),
        ("[[pad]]\nnote = 200\n", "note: must lie in 0..127, not 200"),
    ],
)
def test_a_wrong_kit_is_one_line_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, told: str
) -> None:
    code, out, err = run(capsys, tmp_path, text)
    assert (code, out) == (2, "") and told in err and len(err.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["drums.toml"]
