"""The Variations page, run by Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from synth.errors import CheckpointError
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


def opened(**query: str) -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/variations.py")
    page.query_params.update({"classic": "1", **query})
    return page.run()


@pytest.fixture
def page(tiny_checkpoint):
    return opened()


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def heard(page: AppTest) -> str:
    assert not page.exception and not page.error and not page.warning
    (audio,) = page.get("audio")
    return audio.proto.url


def pictures(page: AppTest) -> str:
    return next(item.proto.body for item in page.get("html") if "st-key-tile-variations-0" in item.proto.body)


def test_a_neighbour_is_heard_becomes_the_centre_and_is_undone(page):
    centre, first = heard(page), pictures(page)
    assert len([item for item in page.button if item.key and item.key.startswith("tile-variations-")]) == 12
    assert labelled(page.button, "Make it the centre").disabled
    labelled(page.button, "4").click().run()
    neighbour = heard(page)
    assert neighbour != centre and pictures(page) == first
    labelled(page.button, "4").click().run()
    assert heard(page) == centre, "pressed again it is let go"
    labelled(page.button, "4").click().run()
    labelled(page.button, "Make it the centre").click().run()
    assert heard(page) == neighbour and pictures(page) != first
    labelled(page.button, "Undo").click().run()
    assert heard(page) == centre and pictures(page) == first, "the same neighbours again"


def test_distance_space_and_roll_change_the_neighbours(page):
    seen = [pictures(page)]
    for widget, value in ((labelled(page.slider, "Distance"), 1.0), (labelled(page.button_group, "Neighbours"), "z")):
        widget.set_value(value).run()
        heard(page)
        seen.append(pictures(page))
    labelled(page.button, "Re-roll").click().run()
    seen.append(pictures(page))
    assert len(set(seen)) == 4
    asked = dict(page.query_params)
    assert asked["vary"].startswith("1~") and asked["vary"].endswith("~z")
    other = opened(**asked)
    assert pictures(other) == pictures(page), "a link shows the same grid"


def test_neighbours_of_a_found_sound_are_in_w(page):
    labelled(page.button_group, "Neighbours").set_value("z").run()
    labelled(page.button, "1").click().run()
    labelled(page.button, "Make it the centre").click().run()
    assert labelled(page.button_group, "Neighbours").value == "z", "z of its own"
    labelled(page.button_group, "Neighbours").set_value("w").run()
    labelled(page.button, "1").click().run()
    labelled(page.button, "Make it the centre").click().run()
    heard(page)
    assert labelled(page.button_group, "Neighbours").options == ["All around"]


def test_a_neighbour_is_kept_on_the_shelf(page):
    labelled(page.button, "2").click().run()
    labelled(page.button, "Keep").click().run()
    neighbour = heard(page)
    assert labelled(page.button, "Kept")
    labelled(page.button, "2").click().run()
    assert heard(page) != neighbour
    labelled(page.button, "Shelf · 1").click().run()
    assert [item.value for item in page.markdown if item.value.startswith("**Hit, found")]
    labelled(page.button, "Open").click().run()
    assert heard(page) == neighbour, "opened from the shelf"


@pytest.mark.parametrize("text", ["", "x", "0.4", "9~0~w", "0.4~-1~w", "0.4~0~q", "nan~0~w"])
def test_a_link_that_asks_for_no_grid_shows_the_usual_one(tiny_checkpoint, text):
    page = opened(vary=text)
    heard(page)
    assert page.query_params["vary"] == "0.4~0~w"


def test_a_model_that_cannot_be_used_is_one_sentence(page, monkeypatch):
    def gone(model: str):
        raise CheckpointError(f"{model} is gone: restore it")

    monkeypatch.setattr("app.server.instruments.instrument", gone)
    monkeypatch.setattr("app.widgets.player.instrument", gone)
    page.run()
    assert not page.exception and "gone" in page.error[0].value
