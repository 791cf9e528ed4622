"""No page tells a widget where to stand: app/widgets/held.py says why, and what is done in its place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_imports import ROOT

SOURCES = sorted([*(ROOT / "pages").glob("*.py"), *(ROOT / "app" / "widgets").glob("*.py")])
VALUED = {
    *("checkbox", "date_input", "multiselect", "number_input", "pills", "radio", "segmented_control"),
    *("select_slider", "selectbox", "slider", "text_area", "text_input", "time_input", "toggle"),
}


def keys(tree: ast.AST) -> set[str]:
    """What widgets with values are given as their keys, as source."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    widgets = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in VALUED]
    return {ast.unparse(word.value) for call in widgets for word in call.keywords if word.arg == "key"}


def told(tree: ast.AST) -> set[str]:
    """Keys of the session's state that are set, as source."""
    targets = [target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets]
    places = [place for place in targets if isinstance(place, ast.Subscript)]
    return {ast.unparse(place.slice) for place in places if ast.unparse(place.value) == "st.session_state"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_widget_is_told_where_to_stand(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not keys(tree) & told(tree), "`held` and `remembered` of app/widgets/held.py are for that"


def test_the_search_finds_a_widget_that_is_told():
    tree = ast.parse("st.slider('Level', key=LEVEL)\nst.session_state[LEVEL] = 3\n")
    assert keys(tree) & told(tree) == {"LEVEL"}


def page() -> None:
    import streamlit as st

    from app.widgets.held import held

    def act(found: int) -> None:
        st.session_state["kept"] = min(found, 5)

    st.number_input("Level", 0, 9, **held("level", st.session_state.setdefault("kept", 3), act))


def test_a_widget_begins_at_its_value_in_every_run():
    test = AppTest.from_function(page).run()
    first = test.number_input[0]
    assert (first.value, first.proto.default, first.proto.set_value) == (3, 3, False)
    test.number_input[0].set_value(4).run()
    moved = test.number_input[0]
    assert (moved.value, moved.proto.default, moved.proto.set_value) == (4, 4, False)
    assert moved.proto.id == first.proto.id, "it stays itself under the hand"


def test_a_widget_that_must_stand_elsewhere_is_another_one():
    test = AppTest.from_function(page).run()
    first = test.number_input[0].proto.id
    test.session_state["kept"] = 1
    moved = test.run().number_input[0]
    assert (moved.value, moved.proto.default, moved.proto.set_value) == (1, 1, False) and moved.proto.id != first
    refused = test.number_input[0].set_value(9).run().number_input[0]
    assert (refused.value, refused.proto.default) == (5, 5) and refused.proto.id != moved.proto.id
