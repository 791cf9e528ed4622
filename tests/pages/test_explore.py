"""The Explore page, run by Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyarrow.ipc import open_stream
from streamlit.testing.v1 import AppTest

from synth.checkpoint.named_directions import FILE
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture
def page(root):
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/explore.py")
    page.query_params["classic"] = "1"
    return page.run()


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def heard(page: AppTest) -> str:
    assert not page.exception and not page.error and not page.warning
    (audio,) = page.get("audio")
    return audio.proto.url


def bars(page: AppTest) -> list[float]:
    """How much each dimension does, as it is drawn."""
    (chart,) = page.get("vega_lite_chart")
    (data,) = chart.proto.datasets
    return list(open_stream(data.data.data).read_pandas()["%"])


def test_directions_of_all_layers_and_of_some(page):
    labels = [item.label for item in page.slider]
    assert [f"Dim {i}" for i in range(1, 11)] == [label for label in labels if label.startswith("Dim")]
    strengths = bars(page)
    assert len(strengths) == 10 and strengths[0] == 100.0 and strengths == sorted(strengths, reverse=True)
    sounds = [heard(page)]
    labelled(page.slider, "Dim 1").set_value(3.0).run()
    sounds.append(heard(page))
    assert page.query_params["d.SeFa 1"] == "3.0"
    last = int(labelled(page.slider, "Layers").max)
    labelled(page.slider, "Layers").set_value((1, last)).run()
    assert heard(page) == sounds[-1], "what is set stays set"
    assert labelled(page.slider, "SeFa 1").value == 3.0
    labelled(page.slider, "Dim 2").set_value(-4.0).run()
    sounds.append(heard(page))
    assert page.query_params[f"d.SeFa 2 [1-{last}]"] == "-4.0"
    labelled(page.button_group, "Found by").set_value("PCA").run()
    labelled(page.number_input, "Dimensions").set_value(3).run()
    assert len(bars(page)) == 3 and 0.0 < sum(bars(page)) < 100.0, "of all that the latents vary"
    labelled(page.slider, "Dim 3").set_value(5.0).run()
    sounds.append(heard(page))
    assert page.query_params[f"d.PCA 3 [1-{last}]"] == "5.0"
    assert len(set(sounds)) == 4


def test_a_start_is_a_seed_and_a_truncation(page):
    first = heard(page)
    start = labelled(page.selectbox, "Start from")
    assert start.value is None
    start.set_value(next(option for option in start.options if option == "usual, 2")).run()
    assert heard(page) != first
    assert (page.query_params["s"], page.query_params["p"]) == ("23", "0.6")


def test_a_direction_is_named_renamed_and_deleted(page, root):
    labelled(page.slider, "Dim 2").set_value(2.0).run()
    heard(page)
    labelled(page.text_input, "as").set_value("Wobble").run()
    labelled(page.button, "Make it a slider").click().run()
    heard(page)
    assert (root / "tiny" / FILE).is_file()
    assert page.query_params["d.Wobble"] == "2.0" and "d.SeFa 2" not in page.query_params
    assert labelled(page.slider, "Wobble").value == 2.0

    other = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    other.query_params.update({"m": "tiny", "c": "hit", "d.Wobble": "2.0", "classic": "1"})
    other.run()
    heard(other)
    assert labelled(other.slider, "Wobble").value == 2.0, "it is a slider on every page"

    labelled(page.text_input, "Name of Wobble").set_value("Dim 1").run()
    next(item for item in page.button if item.label == "Rename").click().run()
    assert "Dim 1" in page.warning[0].value and "d.Wobble" in page.query_params
    labelled(page.text_input, "Name of Wobble").set_value("Sway").run()
    next(item for item in page.button if item.label == "Rename").click().run()
    heard(page)
    assert page.query_params["d.Sway"] == "2.0"
    next(item for item in page.button if item.label == "Delete").click().run()
    heard(page)
    assert "d.Sway" not in page.query_params and not (root / "tiny" / FILE).exists()


def test_the_directions_of_another_model_are_one_sentence(page, root):
    (root / "tiny" / FILE).write_text('{"generator": "of another", "directions": []}')
    labelled(page.slider, "Dim 1").set_value(1.0).run()
    assert not page.exception
    assert "another model" in page.error[0].value and "\n" not in page.error[0].value
