"""The Map page, run by Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.server.instruments import instrument
from app.session.roaming import Deed, square
from synth.errors import PatchError
from synth.patch.patch import Patch
from synth.publishing.charting import chart
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
ALL = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))


def opened(**query: str) -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/map.py")
    page.query_params.update({"classic": "1", **query})
    return page.run()


@pytest.fixture
def charted(root, recordings) -> None:
    chart("tiny", recordings, 60, update=True)


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def heard(page: AppTest) -> str:
    assert not page.exception and not page.error and not page.warning
    return page.get("audio")[0].proto.url


def patch_of(page: AppTest) -> Patch:
    pairs = {key: value for key, value in page.query_params.items() if key != "classic"}
    return Patch.from_query({key: value if isinstance(value, str) else value[0] for key, value in pairs.items()})


def test_a_place_is_heard_undone_and_linked(charted):
    page = opened()
    begun = heard(page)
    labelled(page.slider, "Right").set_value(0.5).run()
    there = heard(page)
    assert there != begun and patch_of(page).latent is not None
    assert labelled(page.slider, "Right").value == 0.5
    labelled(page.button, "Undo").click().run()
    assert heard(page) == begun
    labelled(page.button, "Redo").click().run()
    assert heard(page) == there and labelled(page.slider, "Right").value == 0.5


def test_colours_are_the_category_and_what_is_measured(charted):
    page = opened()
    colour = labelled(page.selectbox, "Colour")
    assert colour.options[:2] == ["Category", "Brightness"]
    colour.set_value("brightness").run()
    assert not page.exception and labelled(page.selectbox, "Colour").value == "brightness"


def test_a_model_without_a_map_says_how_to_make_one(tiny_checkpoint):
    page = opened()
    assert not page.exception and "has no map: make one with map" in page.info[0].value
    assert page.get("audio"), "its sound is there all the same"


def test_a_lasso_holds_a_morph_or_says_why_not(charted):
    shared = instrument("tiny")
    morph = square(shared, Deed("lasso", ALL))
    assert len(set(morph.corners)) == 4 and (morph.x, morph.y) == (0.5, 0.5)
    right, left = (shared.found(morph.corners[i])[0] for i in (1, 0))
    assert right > left
    assert len(square(shared, Deed("corners", ALL)).corners) == 4
    with pytest.raises(PatchError, match="holds no sounds, and a morph needs four"):
        square(shared, Deed("lasso", ((0.0, 0.0), (1e-6, 0.0), (0.0, 1e-6))))
