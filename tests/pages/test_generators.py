"""The Generators page, run by Streamlit's own test harness, with a model of every family."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture(autouse=True)
def root(families, monkeypatch) -> Path:
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(families))
    return Path(families)


def opened(name: str = "generators", **query: str) -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page(f"../pages/{name}.py")
    page.query_params.update({"classic": "1", **query})
    return page.run()


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def heard(page: AppTest) -> list[str]:
    assert not page.exception and not page.error and not page.warning
    return [audio.proto.url for audio in page.get("audio")]


def link(page: AppTest) -> dict[str, str]:
    return {key: value[0] for key, value in parse_qs(page.query_params["batch"], keep_blank_values=True).items()}


def said(page: AppTest, items) -> str:
    assert not page.exception
    (item,) = items
    assert "\n" not in item.value and item.value.endswith((".", ")."))
    return item.value


@pytest.mark.parametrize("family", ["cgan", "wgan", "soundgan", "waveform", "tiny"])
def test_every_family_makes_sounds(family):
    page = opened(batch=f"m={family}&mode=seeds&count=3")
    assert len(set(heard(page))) == 3
    assert ("Category" in [item.label for item in page.selectbox]) == (family in ("cgan", "tiny"))
    assert len([item for item in page.get("html") if '<div class="sound-picture' in item.proto.body]) == 3
    assert any("kHz" in item.value and "recordings" in item.value for item in page.caption)


def test_a_first_visit_shows_the_sound_at_hand_and_a_link_shows_the_same():
    page = opened(m="tiny", c="scrape", s="5")
    assert labelled(page.number_input, "First seed").value == 5 and link(page)["c"] == "scrape"
    labelled(page.number_input, "Sounds").set_value(2).run()
    labelled(page.slider, "Typical / Wild").set_value(0.5).run()
    other = opened(batch=page.query_params["batch"])
    assert heard(other) == heard(page) and len(heard(page)) == 2
    labelled(page.button, "Undo").click().run()
    assert labelled(page.slider, "Typical / Wild").value == 1.0 and heard(page) != heard(other)


def test_a_seed_is_rolled_and_a_category_changed():
    page = opened(batch="m=cgan&mode=seeds&count=2")
    first = heard(page)
    labelled(page.button, "Roll").click().run()
    rolled = heard(page)
    labelled(page.selectbox, "Category").set_value("scrape").run()
    assert len({*first, *rolled, *heard(page)}) == 6
    assert link(page)["c"] == "scrape" and int(link(page)["s"]) == labelled(page.number_input, "First seed").value


def test_a_sound_is_varied():
    page = opened(batch="m=waveform&mode=seeds&count=3")
    seeds = heard(page)
    labelled(page.button, "Vary *Seed 2*").click().run()
    assert link(page)["mode"] == "around" and labelled(page.slider, "Scale: noticeable").value == 0.1
    near = heard(page)
    assert near[0] == seeds[2] and len(set(near)) == 4
    labelled(page.slider, "Scale: noticeable").set_value(0.05).run()
    assert "Scale: subtle" in [item.label for item in page.slider]
    labelled(page.button, "Re-roll").click().run()
    rolled = heard(page)
    assert rolled[0] == seeds[2] and not set(rolled[1:]) & set(near)
    assert heard(opened(batch=page.query_params["batch"])) == rolled
    labelled(page.button, "Vary *Variation 1*").click().run()
    assert heard(page)[0] == rolled[1]


def test_ten_steps_lead_from_a_to_b():
    page = opened(batch="m=soundgan&mode=seeds&count=4")
    labelled(page.button, "A *Seed 3*").click().run()
    labelled(page.button, "B *Seed 1*").click().run()
    labelled(page.button_group, "Show").set_value("between").run()
    whole, *steps = heard(page)
    assert len({whole, *steps}) == 11 and (link(page)["a"], link(page)["b"]) == ("s=3", "s=1")
    labelled(page.button, "Turn round").click().run()
    assert (link(page)["a"], link(page)["b"]) == ("s=1", "s=3")
    assert heard(opened(batch=page.query_params["batch"])) == heard(page)


def test_two_models_play_the_same_seeds_of_the_same_category():
    page = opened(batch="m=tiny&c=scrape&mode=compare&count=2&other=cgan")
    assert len(set(heard(page))) == 4
    assert [item.value for item in page.markdown if item.value.startswith("#####")] == [
        "##### Tiny, scrape",
        "##### Cgan, scrape",
    ]
    labelled(page.selectbox, "Beside").set_value("wgan").run()
    heard(page)
    assert "##### Wgan, of all it has learnt" in [item.value for item in page.markdown]
    (vary,) = [item for item in page.button if item.key == "Vary-1"]
    vary.click().run()
    assert link(page)["m"] == "wgan" and link(page)["mode"] == "around"


def test_all_is_offered_as_a_zip_and_each_sound_in_three_formats():
    page = opened(batch="m=cgan&mode=seeds&count=2")
    labels = [item.label for item in page.get("download_button")]
    assert labels.count("WAV") == labels.count("FLAC") == labels.count("OGG") == 2 and "Download all" in labels


@pytest.mark.parametrize("text", ["%", "mode=x", "m=nope", "count=99", "m=wgan&c=hit", "centre=z%3DAAAA&mode=around"])
def test_a_link_that_asks_in_vain_is_one_sentence(text):
    page = opened(batch=text)
    assert said(page, page.warning)
    assert not page.error and page.get("audio")


def test_a_model_that_is_removed_meanwhile_is_one_sentence(root, tmp_path, monkeypatch):
    folder = shutil.copytree(root, tmp_path / "checkpoints")
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(folder))
    page = opened(batch="m=wgan&mode=seeds&count=1")
    heard(page)
    shutil.rmtree(folder / "wgan")
    page.run()
    assert "wgan" in said(page, page.warning) and link(page)["m"] == "tiny" and page.get("audio")
    (folder / "tiny" / "generator.safetensors").write_bytes(b"")
    (folder / "tiny" / "card.json").touch()
    page.run()
    assert "damaged" in said(page, page.error) and not page.get("audio")


def test_no_model_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path))
    page = opened()
    assert not page.exception and "publish" in page.info[0].value


SPACED = ("shape", "explore", "query", "match", "morph", "variations", "directions", "transfer")


@pytest.mark.parametrize("name", SPACED)
def test_pages_that_need_a_latent_space_offer_no_other_model(name):
    page = opened(name, classic="1")
    assert not page.exception and not page.error
    offered = [option for item in page.selectbox if item.label == "Model" for option in item.options]
    assert not {"Soundgan", "Cgan", "Wgan", "Waveform"} & set(offered)
    assert offered == ["Tiny"] * len(offered) and offered


def test_shape_sends_the_link_of_a_plain_model_to_generators():
    page = opened("shape", classic="1", m="soundgan", s="4")
    assert "play it on Generators" in said(page, page.warning)
    assert labelled(page.selectbox, "Model").value == "tiny" and page.get("audio")


def test_the_sound_at_hand_of_another_page_comes_back_from_generators():
    page = opened(batch="m=wgan&mode=seeds&count=1")
    heard(page)
    page.switch_page("../pages/shape.py")
    page.query_params.clear()
    page.run()
    assert not page.exception and not page.error and labelled(page.selectbox, "Model").value == "tiny"
