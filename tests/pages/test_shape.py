"""The Shape page, run by Streamlit's own test harness; sound and picture are checked in tests/e2e."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from synth.checkpoint.store import CARD
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture
def page(tiny_checkpoint):
    """With classic widgets: the live instrument needs a browser."""
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.query_params["classic"] = "1"
    return page


def slider(page: AppTest, label: str):
    return next(item for item in page.slider if item.label == label)


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def button(page: AppTest, label: str):
    return next(item for item in page.button if item.label == label)


def source(page: AppTest) -> str:
    (audio,) = page.get("audio")
    return audio.proto.url


def clean(page: AppTest) -> None:
    assert not page.exception and not page.error and not page.warning


def test_a_first_visit_shows_and_plays_a_sound(page):
    page.run()
    clean(page)
    assert page.selectbox[0].value == "tiny"
    assert page.button_group[0].value == "hit"
    assert page.number_input[0].value == 0
    assert [item.label for item in page.slider[:6]] == ["Typical / Wild", "Dim 1", "Dim 2", "Dim 3", "Dim 4", "Dim 5"]
    assert not page.get("vega_lite_chart"), "of a model without semantic sliders nothing was measured"
    assert source(page)
    assert any("data:image/png;base64," in item.proto.body for item in page.get("html"))
    assert [item.proto.label for item in page.get("download_button")] == ["WAV", "FLAC", "OGG", "MP3"]
    assert page.query_params["c"] == "hit"


def test_every_control_makes_another_sound(page):
    page.run()
    heard = {source(page)}
    slider(page, "Dim 2").set_value(4.0).run()
    heard.add(source(page))
    slider(page, "Typical / Wild").set_value(0.2).run()
    heard.add(source(page))
    page.number_input[0].set_value(17).run()
    heard.add(source(page))
    page.button_group[0].set_value("scrape").run()
    heard.add(source(page))
    clean(page)
    assert len(heard) == 5
    assert {key: page.query_params[key] for key in ("c", "s", "p", "d.Dim 2")} == {
        "c": "scrape",
        "s": "17",
        "p": "0.2",
        "d.Dim 2": "4.0",
    }


def test_undo_redo_and_reset(page):
    page.run()
    assert button(page, "Undo").disabled and button(page, "Redo").disabled and button(page, "Reset").disabled
    first = source(page)
    slider(page, "Dim 1").set_value(3.0).run()
    second = source(page)
    button(page, "Undo").click().run()
    assert (slider(page, "Dim 1").value, source(page)) == (0.0, first)
    button(page, "Redo").click().run()
    assert (slider(page, "Dim 1").value, source(page)) == (3.0, second)
    button(page, "Reset").click().run()
    assert (slider(page, "Dim 1").value, source(page)) == (0.0, first)
    button(page, "Undo").click().run()
    assert slider(page, "Dim 1").value == 3.0
    clean(page)


def test_the_die_shows_its_seed(page):
    page.run()
    button(page, "Roll").click().run()
    seed = page.number_input[0].value
    assert seed != 0 and page.query_params["s"] == str(seed)


def test_a_link_opens_its_patch_and_the_share_link_is_that_link(page):
    page.query_params.update({"m": "tiny", "c": "scrape", "s": "5", "d.Dim 1": "-2.5", "ph": "pghi", "l": "-23.0"})
    page.query_params["app"] = "our-algo"
    page.run()
    clean(page)
    assert page.button_group[0].value == "scrape"
    assert slider(page, "Dim 1").value == -2.5
    assert labelled(page.selectbox, "Phase").value == "pghi"
    assert slider(page, "Loudness, LUFS").value == -23.0
    link = page.code[0].value
    assert all(part in link for part in ("c=scrape", "s=5", "d.Dim+1=-2.5", "ph=pghi", "l=-23.0"))
    assert "app" not in page.query_params


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"s": "minus one"}, "seed"),
        ({"p": "nan"}, "psi"),
        ({"d.Dim 1": "1e9"}, "Dim 1"),
        ({"c": "violin"}, "violin"),
        ({"m": "violin"}, "violin"),
        ({"d.Nonsense": "1"}, "Nonsense"),
        ({"nonsense": "1"}, "nonsense"),
        ({"z": "AAAA"}, "latent"),
    ],
)
def test_a_bad_link_is_one_sentence_and_still_a_sound(page, query, named):
    page.query_params.update(query | {"m": query.get("m", "tiny")})
    page.run()
    assert not page.exception and not page.error
    (warning,) = page.warning
    assert named in warning.value and "\n" not in warning.value
    assert source(page)
    slider(page, "Dim 1").set_value(1.0).run()
    clean(page)


def test_loudness_off_leaves_the_peak(page):
    page.run()
    first = source(page)
    next(item for item in page.toggle if item.label == "Set the loudness").set_value(False).run()
    clean(page)
    assert source(page) != first and page.query_params["l"] == "none"


def test_without_models_the_page_says_what_to_do(page, tmp_path, monkeypatch):
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path))
    page.run()
    clean(page)
    (info,) = page.info
    assert "publish" in info.value and str(tmp_path) in info.value
    assert not page.get("audio")


def test_a_damaged_checkpoint_is_one_sentence(tiny_checkpoint, tmp_path, monkeypatch, page):
    root = tmp_path / "damaged"
    shutil.copytree(tiny_checkpoint, root)
    (root / "tiny" / "generator.safetensors").write_bytes(b"half")
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(root))
    page.run()
    assert not page.exception
    (error,) = page.error
    assert "generator.safetensors" in error.value and error.value.count(".") >= 1 and "\n" not in error.value


def test_categories_are_named_as_people_read_them(page):
    page.run()
    assert [option.content for option in page.button_group[0].proto.options] == ["Hit", "Scrape"]


def test_the_live_instrument_is_the_default_and_a_switch_turns_it_off(tiny_checkpoint):
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE).run()
    clean(page)
    assert [item.key for item in page.get("bidi_component")] == ["history.keeper", "shape"] and not page.get("audio")
    switch = next(item for item in page.toggle if item.label == "Classic widgets")
    switch.set_value(True).run()
    clean(page)
    assert source(page) and [item.key for item in page.get("bidi_component")] == ["history.keeper"]
    assert page.query_params["classic"] == "1"


def test_a_prototype_pulls_the_sound(page):
    page.run()
    heard = {source(page)}
    labelled(page.selectbox, "Blend to").set_value("scrape").run()
    heard.add(source(page))
    assert (page.query_params["pt"], page.query_params["pl"]) == ("scrape", "0.7")
    slider(page, "Blend").set_value(1.0).run()
    heard.add(source(page))
    clean(page)
    assert len(heard) == 3
    labelled(page.selectbox, "Blend to").set_value("").run()
    clean(page)
    assert source(page) in heard and "pt" not in page.query_params
    assert "Blend" not in [item.label for item in page.slider]


def test_semantic_sliders_come_first_and_say_how_straight_they_are(tiny_checkpoint, tmp_path, monkeypatch, page):
    root = Path(shutil.copytree(tiny_checkpoint, tmp_path / "semantic"))
    card = json.loads((root / "tiny" / CARD).read_text())
    card["directions"][-1] |= {"name": "Brightness", "provenance": "regression of measured slopes"}
    r = {"brightness": 0.93, "rate": -0.2, "noisiness": 0.41}
    figures = {"layers": [0, 1], "scale": 1.0, "r": r, "slope": {}}
    curve = {"low": [-1.0, 0.0, 1.0], "middle": [0.0, 1.0, 2.0], "high": [1.0, 2.0, 3.0]}
    slider_of = {"descriptor": "brightness", "unit": "octaves", "ends": ["dark", "bright"], "method": "regression"}
    slider_of |= {"methods": {"regression": figures}, "curve": curve}
    card["metrics"]["semantic"] = {"seeds": 64, "positions": [-5, 0, 5], "sliders": {"Brightness": slider_of}}
    (root / "tiny" / CARD).write_text(json.dumps(card))
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(root))
    page.run()
    clean(page)
    assert [item.label for item in page.slider[:3]] == ["Typical / Wild", "Brightness", "Dim 1"]
    assert not page.get("vega_lite_chart"), "a chart that nobody sees yet keeps the first sound waiting"
    page.session_state["straightness"] = True
    page.run()
    assert len(page.get("vega_lite_chart")) == 1
    (told,) = [item.help for item in page.caption if item.help.startswith("r ")]
    assert "0.93 with brightness" in told and "noisiness (r +0.41)" in told


@pytest.mark.parametrize(
    ("asked", "title"),
    [("our-algo", "Shape"), ("algo-2", "Explore"), ("algo2", "Explore"), ("algo-1", "Query"), ("algo1", "Query")],
)
def test_old_addresses_open_their_pages(tiny_checkpoint, asked, title):
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.query_params.update({"app": asked, "m": "tiny", "c": "scrape", "classic": "1"})
    page.run()
    clean(page)
    marks = {"Shape": "Dim 1", "Explore": "Layers", "Query": "Irregularity"}
    labels = [item.label for item in page.slider]
    assert marks[title] in labels and (title == "Explore") == ("Layers" in labels)
    assert page.query_params["c"] == "scrape" and "app" not in page.query_params


def test_an_unknown_app_is_one_sentence_and_shape(page):
    page.query_params["app"] = "algo-9"
    page.run()
    assert not page.exception and not page.error
    (warning,) = page.warning
    assert "algo-9" in warning.value and "algo-2" in warning.value and "\n" not in warning.value
    assert source(page) and slider(page, "Dim 1")


def test_files_have_the_rate_that_was_chosen(page):
    page.run()
    assert labelled(page.selectbox, "Sample rate of files").value == 16000, "that of the sound"

    def offered() -> dict[str, bool]:
        return {item.label: not item.proto.disabled for item in page.get("download_button")}

    assert offered() == dict.fromkeys(("WAV", "FLAC", "OGG", "MP3"), True)
    labelled(page.selectbox, "Sample rate of files").set_value(96000).run()
    clean(page)
    assert offered() == {"WAV": True, "FLAC": True, "OGG": True, "MP3": False}
    trim = next(item for item in page.toggle if item.label == "Trim end")
    trim.set_value(True).run()
    clean(page)
    assert labelled(page.selectbox, "Sample rate of files").value == 96000 and "en" in page.query_params


def test_presets_of_the_category_are_by_name(page, tiny_checkpoint, tmp_path, monkeypatch):
    root = shutil.copytree(tiny_checkpoint, tmp_path / "checkpoints")
    card = json.loads((root / "tiny" / CARD).read_text())
    starts = [{"name": "Dark, short", "seed": 7, "psi": 0.9}, {"name": "Bright", "seed": 9, "psi": 0.9}]
    (root / "tiny" / CARD).write_text(json.dumps(card | {"presets": {"hit": starts}}))
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(root))
    page.run()
    clean(page)
    menu = labelled(page.selectbox, "Preset")
    assert menu.options == ["none", "Dark, short", "Bright"] and menu.value == ""
    menu.select("Bright").run()
    clean(page)
    assert (page.query_params["s"], page.query_params["p"]) == ("9", "0.9")
    assert labelled(page.selectbox, "Preset").value == "Bright"
    page.button_group[0].set_value("scrape").run()
    assert not any(item.label == "Preset" for item in page.selectbox), "that category has none"
