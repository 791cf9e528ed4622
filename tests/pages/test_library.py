"""The Library page, run by Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.server import looks
from app.server.instruments import instrument
from synth.library.finding import Wanted
from synth.library.library import Library, library
from synth.patch.patch import Patch
from tests.harness.patience import PATIENCE, until

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"

pytestmark = pytest.mark.usefixtures("tiny_checkpoint")


@pytest.fixture
def kept() -> Library:
    for seed, (name, stars) in enumerate((("Oak door", 2), ("Iron gate", 5), ("Gravel", 0))):
        sliders = {"Dim 1": seed - 1.0} if seed != 1 else {}
        library().keep(Patch("tiny", "hit", seed, sliders=sliders), name, stars=stars, kept=100.0 + seed)
    return library()


def opened() -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/library.py")
    page.query_params.update({"classic": "1"})
    return page.run()


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def shown(page: AppTest) -> list[str]:
    assert not page.exception and not page.error and not page.warning
    return [item.label for item in page.button if (item.key or "").startswith("tile-library")]


def names(wanted: Wanted | None = None) -> list[str]:
    return [entry.name for entry in library().find(wanted or Wanted())]


def test_an_empty_library_says_how_sounds_come_here():
    page = opened()
    assert shown(page) == [] and "press the heart or the key K" in page.info[0].value


def test_sounds_are_searched_ordered_and_narrowed(kept):
    page = opened()
    assert shown(page) == ["Gravel", "Iron gate ★★★★★", "Oak door ★★"]
    labelled(page.text_input, "Search").set_value("oak").run()
    assert shown(page) == ["Oak door ★★"]
    labelled(page.text_input, "Search").set_value("trumpet").run()
    assert shown(page) == [] and page.info[0].value == "No sound has these words."
    labelled(page.text_input, "Search").set_value("").run()
    labelled(page.selectbox, "Order").set_value("stars").run()
    assert shown(page) == ["Iron gate ★★★★★", "Oak door ★★", "Gravel"]
    labelled(page.selectbox, "Slider").set_value("Dim 1").run()
    labelled(page.slider, "stands between").set_value((0.5, 5.0)).run()
    assert shown(page) == ["Gravel"]


def test_a_sound_is_heard_named_and_deleted_and_comes_back(kept):
    page = opened()
    labelled(page.button, "Iron gate ★★★★★").click().run()
    assert shown(page) and page.get("audio")[0].proto.url
    labelled(page.text_input, "Name").set_value("Cellar gate").run()
    labelled(page.text_input, "Tags").set_value("iron, heavy").run()
    labelled(page.text_area, "Notes").set_value("for the dungeon").run()
    assert names(Wanted("dungeon heavy cellar")) == ["Cellar gate"]
    labelled(page.text_input, "UCS").set_value("../../x").run()
    assert "CatID" in page.warning[0].value and names(Wanted("cellar")) == ["Cellar gate"]
    labelled(page.text_input, "UCS").set_value("METLImpt").run()
    assert library().find(Wanted("cellar"))[0].ucs == "METLImpt"
    labelled(page.button, "Delete").click().run()
    assert "Cellar gate ★★★★★" not in shown(page)
    labelled(page.button, "Undo the deletion").click().run()
    assert "Cellar gate ★★★★★" in shown(page) and labelled(page.text_input, "Name").value == "Cellar gate"


def test_several_are_renamed_tagged_and_deleted_at_once(kept):
    page = opened()
    labelled(page.toggle, "Select several").set_value(True).run()
    for name in ("Gravel", "Oak door ★★"):
        labelled(page.button, name).click().run()
    labelled(page.text_input, "Rename by a pattern").set_value("Step ## {seed}").run()
    labelled(page.button, "Rename").click().run()
    assert sorted(names()) == ["Iron gate", "Step 01 2", "Step 02 0"]
    labelled(page.text_input, "Rename by a pattern").set_value("{colour}").run()
    labelled(page.button, "Rename").click().run()
    assert "no" in page.warning[0].value and "colour" in page.warning[0].value
    labelled(page.text_input, "Add tags").set_value("floor").run()
    labelled(page.button, "Add").click().run()
    assert sorted(names(Wanted("floor"))) == ["Step 01 2", "Step 02 0"]
    labelled(page.button, "All that are found").click().run()
    labelled(page.button, "Delete").click().run()
    assert shown(page) == [] and names() == []
    labelled(page.button, "Undo the deletion").click().run()
    assert len(names()) == 3


def test_the_most_alike_come_first_and_all_come_back(kept):
    shared = instrument("tiny")
    sounds = {entry.id: shared.render(entry.patch) for entry in kept.find(Wanted(sort="oldest"))}
    page = opened()
    labelled(page.button, "Oak door ★★").click().run()
    labelled(page.button, "More like this").click().run()
    assert "No sound was listened to yet" in page.info[0].value
    kept.listened({at: looks.like(sound) for at, sound in sounds.items()})
    page.run()
    assert shown(page)[0] == "Oak door ★★" and len(shown(page)) == 3
    brought = list(sounds.values())[2].to_bytes("flac")
    uploader = next(item for item in page.file_uploader if item.label.startswith("Drop a sound"))
    uploader.set_value(("mine.flac", brought, "audio/flac")).run()
    assert shown(page)[0] == "Gravel"
    labelled(page.button, "All sounds").click().run()
    assert shown(page) == ["Gravel", "Iron gate ★★★★★", "Oak door ★★"]
    uploader = next(item for item in page.file_uploader if item.label.startswith("Drop a sound"))
    uploader.set_value(("text.wav", b"no sound", "audio/wav")).run()
    assert not page.exception and "text.wav" in page.warning[0].value


def test_kept_sounds_are_listened_to_by_themselves(kept, monkeypatch):
    monkeypatch.setattr(looks, "_BEGINS_AFTER", 0.0)
    library().keep(Patch("lost", "hit", 1), "Lost")
    looks.listen()
    until(lambda: [entry.name for entry in kept.unheard(9)] == ["Lost"])


def test_what_was_heard_is_there_by_itself_and_can_be_kept():
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.query_params.update({"classic": "1", "m": "tiny", "c": "scrape", "s": "9"})
    page.run()
    page.switch_page("../pages/library.py").run()
    labelled(page.button_group, "Show").set_value("heard").run()
    assert shown(page) == ["Scrape 9"]
    labelled(page.button, "Scrape 9").click().run()
    labelled(page.button, "Keep").click().run()
    assert names() == ["Scrape 9"]


def test_a_sound_whose_model_is_gone_is_told_and_the_others_stand(kept):
    library().keep(Patch("lost", "hit", 1), "Lost")
    page = opened()
    assert len(shown(page)) == 4
    labelled(page.button, "Lost").click().run()
    assert not page.exception and "lost" in page.error[0].value


def test_a_damaged_library_is_told_and_the_page_goes_on(kept, own_library):
    kept.database.close()
    own_library.write_bytes(b"SQLite format 3\0" + bytes(9000))
    page = opened()
    assert not page.exception and ".damaged-" in (page.error or page.warning)[0].value.replace("\\", "")
    page.run()
    assert not page.exception and not page.error
