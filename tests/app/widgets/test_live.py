"""The live instrument's Python side; what it does under the hand is in tests/e2e and in web/tests."""

from __future__ import annotations

import json
import struct
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from app.server import bundle
from app.server.frames import HEADER, MAGIC
from app.session.patches import History
from app.widgets import current_patch, live, mounting
from app.widgets.live import Bank, Choice, Control, Seed, Source, Switch
from synth.patch.patch import Patch
from synth.sound.sound import Sound

WEB = Path(__file__).resolve().parents[3] / "web"
CONTROLS = {
    "psi": Control("psi", "Truncation", 0.0, 2.0, 0.01, 1.0, home=1.0),
    "sliders.Dim 1": Control("sliders.Dim 1", "Dim 1", -5.0, 5.0, 0.1, 0.0),
}


def test_the_bundle_is_built_from_these_sources():
    """As web/fingerprint.js works it out, but without Node."""
    files = ["fingerprint.js", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"]
    files += [f"src/{path.name}" for path in (WEB / "src").iterdir()]
    digest = sha256()
    for name in sorted(files):
        digest.update(f"{name}\n".encode() + (WEB / name).read_bytes())
    first = bundle.FILE.read_text(encoding="utf-8").partition("\n")[0]
    assert digest.hexdigest() in first, "web/ has changed since app/static/ was built: run make web"


def test_packages_are_named_without_where_they_came_from():
    assert '"resolved"' not in (WEB / "package-lock.json").read_text(encoding="utf-8")


def test_the_message_is_json_and_a_frame():
    sound = Sound(np.zeros((1, 100), np.float32), 16000)
    message = mounting.pack({"file": "Nähe"}, sound)
    (length,) = struct.unpack_from("<I", message)
    assert json.loads(message[4 : 4 + length]) == {"file": "Nähe"}
    assert HEADER.unpack_from(message, 4 + length)[:6] == (MAGIC, 1, 44, 0, 16000, 100)
    assert mounting.pack({}, None) == b"\x02\0\0\0{}"


def test_what_is_said_twice_is_heard_once():
    said = [{"n": 3, "name": "undo"}, {"n": 4, "name": "set", "values": {"psi": 0.5, "sliders.Dim 1": -2}}]
    assert list(live.unheard(said, 0, CONTROLS)) == [
        (3, "undo", {}),
        (4, "set", {"psi": 0.5, "sliders.Dim 1": -2.0}),
    ]
    assert [number for number, *_ in live.unheard(said, 3, CONTROLS)] == [4]
    assert not list(live.unheard(said, 4, CONTROLS))


@pytest.mark.parametrize(
    "values",
    [{"psi": float("nan")}, {"psi": 9}, {"psi": "loud"}, {"psi": None}, {"seed": 1}, {"sliders.Dim 2": 1.0}],
)
def test_values_that_no_control_can_have_are_left_out(values):
    said = [{"n": 1, "name": "set", "values": values | {"sliders.Dim 1": 1.0}}]
    assert list(live.unheard(said, 0, CONTROLS)) == [(1, "set", {"sliders.Dim 1": 1.0})]


def test_each_control_takes_what_is_its_own_and_leaves_its_home_to_the_model():
    length = Control("length", "Length", 0.05, 60.0, 0.01, 2.0, 2.0, learnt=True)
    start = Switch("start", "Trim start", True, True, learnt=True)
    source = Source(Seed(3), (Choice("category", "Category", (("hit", "Hit"), ("scrape", "Scrape")), "hit"),))
    controls = live.named([Bank("Time", (length,), switches=(start,))], source)

    def heard(**values):
        ((_, _, settings),) = live.unheard([{"n": 1, "name": "set", "values": values}], 0, controls)
        return settings

    assert heard(length=2.0, start=True) == {"length": None, "start": None}
    assert heard(length=3, start=False, seed=2**32 - 1, category="scrape") == {
        **{"length": 3.0, "start": False, "seed": 2**32 - 1, "category": "scrape"}
    }
    assert heard(length=True, start=1, seed=2**32, category="rain") == {}
    assert heard(seed=1.5) == {} and heard(seed=True) == {} and heard(seed=-1) == {}


# -- the session's patch -------------------------------------------------------------------------------------------


@pytest.fixture
def history(monkeypatch):
    history = History.begin(Patch("tiny", "hit", 1))
    monkeypatch.setattr(live.st, "session_state", {current_patch._HISTORY: history})
    return history


def test_all_that_was_let_go_at_once_is_one_step(history):
    live._turn({"psi": 0.5, "sliders.Dim 1": 2.0})
    assert history.patch == Patch("tiny", "hit", 1, psi=0.5, sliders={"Dim 1": 2.0})
    live._run("undo")
    assert history.patch == Patch("tiny", "hit", 1)
    live._run("redo")
    assert history.patch.psi == 0.5


def test_a_new_seed_keeps_the_sliders(history):
    live._turn({"sliders.Dim 1": 2.0})
    live._run("seed")
    assert history.patch.seed != 1 and history.patch.sliders == {"Dim 1": 2.0}


def test_two_slots_keep_two_patches(history):
    live._turn({"psi": 0.5})
    live._run("slot B")
    assert history.patch.psi == 0.5, "B begins as A was"
    live._turn({"psi": 1.5})
    live._run("slot B")
    assert history.patch.psi == 1.5, "already there"
    live._run("slot A")
    assert history.patch.psi == 0.5
    live._run("slot B")
    assert history.patch.psi == 1.5


def test_banks_travel_as_plain_values():
    bank = Bank("Character", tuple(CONTROLS.values()), pad=("psi", "sliders.Dim 1"))
    meta = live._meta(7, "infer", Patch("tiny", "hit", 1).to_dict(), [bank], "tiny-hit-1", "B")
    again = json.loads(json.dumps(meta))
    assert again["heard"] == 7 and again["body"]["seed"] == 1 and again["slot"] == "B"
    assert again["banks"][0]["pad"] == ["psi", "sliders.Dim 1"]
    assert again["banks"][0]["controls"][0]["home"] == 1.0
