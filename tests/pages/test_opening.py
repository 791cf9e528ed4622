"""Where Shape begins: sounds to start from, a saved sound that is dropped, and names that are only text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from synth.checkpoint.store import CARD
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture
def page(tiny_checkpoint) -> AppTest:
    return AppTest.from_file(str(MAIN), default_timeout=PATIENCE).run()


def patch(page: AppTest) -> Patch:
    return page.session_state["history"].patch


def tile(page: AppTest, label: str):
    return next(button for button in page.button if button.label == label)


def test_a_tile_starts_from_its_sound(page):
    tile(page, "Scrape").click().run()
    assert not page.exception and patch(page) == Patch("tiny", "scrape") and page.query_params["c"] == "scrape"
    assert {tile(page, name).proto.type for name in ("Hit", "Scrape")} == {"secondary"}, "a mark would go stale"


def test_a_saved_sound_that_is_dropped_brings_its_sliders_back(page, tiny_checkpoint):
    saved = Patch("tiny", "scrape", 9, sliders={"Dim 1": 2.0}, psi=0.7)
    sound = StyleInstrument.load(tiny_checkpoint / "tiny", "cpu").render(saved)
    for format in ("wav", "flac", "ogg"):
        page.file_uploader[0].upload(f"one.{format}", sound.to_bytes(format), f"audio/{format}").run()
        assert not page.exception and not page.warning
        assert patch(page) == saved
        tile(page, "Hit").click().run()


def test_a_sound_without_a_patch_is_one_sentence(page):
    before = patch(page)
    bare = Sound(np.full((1, 4000), 0.1, np.float32), 16000)
    page.file_uploader[0].upload("bare.wav", bare.to_bytes("wav"), "audio/wav").run()
    assert "has no sliders in it" in page.warning[0].value and patch(page) == before
    page.file_uploader[0].upload("![x](http.png)*.wav", b"RIFF", "audio/wav").run()
    (warning,) = page.warning
    assert not page.exception and patch(page) == before
    assert r"\[x\](http.png)\*.wav" in warning.value and "cannot be opened" in warning.value


def test_names_of_models_and_categories_are_no_markdown(published, root):
    path = root / "tiny" / CARD
    card = json.loads(path.read_text())
    card["title"] = "![a](b) **T**"
    path.write_text(json.dumps(card))
    for name in ("generators", "match", "shape"):
        page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
        page.switch_page(f"../pages/{name}.py").run()
        assert not page.exception
        shown = [item.value for kind in (page.caption, page.markdown, page.warning) for item in kind]
        assert not any("![a]" in text or "**T**" in text for text in shown)
