"""The Query page, run by Streamlit's own test harness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from synth.patch.residual import Products, Residual
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture
def page(tiny_checkpoint):
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/query.py")
    page.query_params["classic"] = "1"
    return page.run()


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def both(page: AppTest) -> tuple[str, str]:
    """Addresses of the reference and of its match."""
    assert not page.exception and not page.error and not page.warning
    reference, made = page.get("audio")
    return reference.proto.url, made.proto.url


def latent(page: AppTest):
    return page.session_state["history"].patch.latent


def test_the_reference_is_matched_and_follows_its_controls(page):
    first = both(page)
    assert first[0] != first[1] and latent(page)
    assert "z" not in page.query_params and "reference" in page.query_params  # which says it all
    assert page.metric[0].value.endswith(" dB")
    assert len([item for item in page.get("html") if "Difference" in item.proto.body]) == 1
    labelled(page.selectbox, "Example").set_value("Ticks").run()
    second = both(page)
    assert not set(first) & set(second)
    labelled(page.select_slider, "Rate").set_value("Very low").run()
    third = both(page)
    assert not set(second) & set(third)
    assert labelled(page.selectbox, "Example").value is None
    labelled(page.button, "Undo").click().run()
    assert both(page) == second and labelled(page.selectbox, "Example").value == "Ticks"


def test_a_prior_and_a_refinement_change_the_match_alone(page):
    reference, matched = both(page)
    labelled(page.selectbox, "Blend to").set_value("scrape").run()
    pulled = both(page)
    assert pulled[0] == reference and pulled[1] != matched
    labelled(page.slider, "Blend").set_value(0.2).run()
    matched_to, before = latent(page), float(page.metric[0].value.split()[0])
    labelled(page.button, "Refine").click().run()
    assert both(page)[0] == reference and latent(page) != matched_to
    assert "z" in page.query_params
    assert float(page.metric[0].value.split()[0]) <= before + 1.0
    assert page.query_params["pt"] == "scrape"


def test_a_silent_reference_is_one_sentence_and_the_match_stays(page):
    matched = both(page)[1]
    labelled(page.slider, "Impulse width, s").set_value(0.0).run()
    assert not page.exception and not page.error
    (warning,) = page.warning
    assert "silent" in warning.value and "\n" not in warning.value
    assert [item.proto.url for item in page.get("audio")] == [matched]
    labelled(page.slider, "Impulse width, s").set_value(0.04).run()
    assert both(page)[1] != matched


def test_a_link_opens_both_sounds(page):
    labelled(page.selectbox, "Example").set_value("Scratches").run()
    sounds, link = both(page), dict(page.query_params)
    other = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    other.switch_page("../pages/query.py")
    other.query_params.update({key: value[0] if isinstance(value, list) else value for key, value in link.items()})
    other.run()
    assert both(other) == sounds
    assert labelled(other.selectbox, "Example").value == "Scratches"


def test_a_new_match_comes_without_what_was_kept_beside_another_latent(page):
    history = page.session_state["history"]
    rng = np.random.default_rng(0)
    kept = Residual(*(Products.of(rng.standard_normal((1, 32)), rng.standard_normal((1, 32))) for _ in range(2)))
    history.push(replace(history.patch, residual=kept.to_text()))
    labelled(page.selectbox, "Example").set_value("Ticks").run()
    both(page)
    assert page.session_state["history"].patch.residual is None
