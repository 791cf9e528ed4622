"""The Morph page, run by Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from synth.errors import CheckpointError
from synth.latents import pace
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


def opened(**query: str) -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/morph.py")
    page.query_params.update({"classic": "1", **query})
    return page.run()


@pytest.fixture
def page(tiny_checkpoint):
    return opened()


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def heard(page: AppTest) -> str:
    assert not page.exception and not page.error and not page.warning
    return page.get("audio")[0].proto.url


def link(page: AppTest) -> dict[str, str]:
    return {key: value[0] for key, value in parse_qs(page.query_params["morph"], keep_blank_values=True).items()}


def test_a_place_is_heard_undone_and_shared(page):
    at_a = heard(page)
    labelled(page.slider, "A to B").set_value(0.6).run()
    middle = heard(page)
    assert middle != at_a and link(page)["x"] == "0.6"
    labelled(page.slider, "A to C").set_value(0.5).run()
    assert heard(page) not in (at_a, middle)
    shared = page.query_params["morph"]
    labelled(page.button, "Undo").click().run()
    assert heard(page) == middle
    labelled(page.button, "Redo").click().run()
    other = opened(morph=shared)
    assert heard(other) == heard(page) and labelled(other.slider, "A to C").value == 0.5


def test_eight_steps_and_the_way(page):
    heard(page)
    steps = [item for item in page.button if item.key and item.key.startswith("tile-morph-")]
    assert [step.label for step in steps] == [str(i) for i in range(1, 9)]
    steps[7].click().run()
    assert link(page)["x"] == "1.0"
    labelled(page.selectbox, "Way").set_value("A to D").run()
    labelled(page.button, "Listen through").click().run()
    assert len(page.get("audio")) == 2
    labelled(page.number_input, "Seconds").set_value(1).run()
    labelled(page.button, "Render the way").click().run()
    heard(page)
    assert len(page.get("audio")) == 2
    labelled(page.number_input, "Seconds").set_value(2).run()
    assert len(page.get("audio")) == 1, "another way, which was not rendered"


def test_corners_are_seeds_kept_sounds_or_the_sound_at_hand(page):
    labelled(page.slider, "A to B").set_value(0.5).run()
    middle = heard(page)
    labelled(page.button, "Keep").click().run()
    labelled(page.selectbox, "Sound of B").set_value("Hit, found").run()
    labelled(page.slider, "A to B").set_value(1.0).run()
    assert heard(page) == middle, "all the way to what was kept"
    labelled(page.selectbox, "Sound of B").set_value("A seed").run()
    labelled(page.selectbox, "Category of B").set_value("scrape").run()
    assert "c=scrape" in link(page)["B"] and heard(page) != middle
    roll = next(item for item in page.button if item.key == "morph.roll.B")
    before = link(page)["B"]
    roll.click().run()
    assert link(page)["B"] != before


def test_path_and_layers(page):
    def choose(label: str, value):
        labelled(page.button_group, label).set_value(value).run()

    assert "Pace" not in [group.label for group in page.button_group], "none inside a square"
    choose("Sounds", 2)
    assert "Path" not in [group.label for group in page.button_group], "there is one way alone"
    labelled(page.selectbox, "Category of B").set_value("hit").run()
    labelled(page.slider, "A to B").set_value(0.5).run()
    sounds = [heard(page)]
    choose("Path", "z")
    sounds.append(heard(page))
    choose("Path", "w")
    choose("Pace", "linear")
    assert link(page)["pace"] == "linear" and heard(page) not in sounds
    choose("Pace", "even")
    assert heard(page) == sounds[0], "the same place again"
    choose("Follows", "spectrum")
    assert link(page)["layers"] == "0-3" and labelled(page.slider, "Layers").value == (0, 3)
    sounds.append(heard(page))
    labelled(page.slider, "Layers").set_value((1, 5)).run()
    sounds.append(heard(page))
    assert labelled(page.button_group, "Follows").value is None
    labelled(page.slider, "Layers").set_value((0, 9)).run()
    assert "layers" not in link(page)
    assert len(set(sounds)) == 4
    choose("Path", "z")
    labelled(page.selectbox, "Category of B").set_value("scrape").run()
    assert link(page)["path"] == "w", "no sphere between two categories"


def test_use_this_sound_makes_it_the_patch_of_all_pages(page):
    labelled(page.slider, "A to B").set_value(0.4).run()
    heard(page)
    labelled(page.button, "Use this sound").click().run()
    assert labelled(page.button, "In use").disabled
    assert len(page.session_state["history"].patch.latent) == 16
    page.switch_page("../pages/shape.py").run()
    assert not page.exception and page.get("audio")


@pytest.mark.parametrize(
    "query",
    [
        "nonsense",
        "A=m%3Dtiny&B=m%3Dother",
        "A=m%3Dother&B=m%3Dother",
        "A=m%3Dtiny&B=m%3Dtiny&x=7",
        "A=m%3Dtiny&B=m%3Dtiny&layers=0-99",
        "A=m%3Dtiny",
    ],
)
def test_a_link_that_cannot_be_used_is_one_sentence(tiny_checkpoint, query):
    page = opened(morph=query)
    assert not page.exception and not page.error
    (warning,) = page.warning
    assert warning.value.startswith("The link cannot be used") and "\n" not in warning.value
    assert page.get("audio")


def test_a_corner_that_the_model_does_not_have_is_one_sentence(tiny_checkpoint):
    page = opened(morph="A=m%3Dtiny&B=m%3Dtiny%26c%3Dbell&x=0.5")
    assert not page.exception
    assert any("bell" in warning.value for warning in page.warning)


def test_without_lpips_the_ends_are_heard_and_one_sentence_says_why_no_step_is(tiny_checkpoint, monkeypatch):
    def missing():
        raise CheckpointError("the weights of LPIPS are missing: restore them")

    monkeypatch.setattr(pace, "perceptual", missing)
    page = opened(morph="A=m%3Dtiny%26s%3D91&B=m%3Dtiny%26s%3D92")
    assert not page.exception and page.get("audio")
    assert any("LPIPS" in warning.value for warning in page.warning)


def test_a_morph_by_a_model_without_w_is_sent_to_generators(families, monkeypatch):
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(families))
    page = opened(morph="A=m%3Dcgan&B=m%3Dcgan")
    assert not page.exception and "play it on Generators" in page.warning[0].value
