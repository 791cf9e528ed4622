"""The Listen page, run by Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from synth.judging.answering import answers, everybody, questions
from synth.judging.listening_test import create, every, find
from synth.judging.sets import Set, gathered
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


def opened(**query: str) -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/listen.py")
    page.query_params.update({"classic": "1", **query})
    return page.run()


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def told(page: AppTest, key: str) -> str:
    """What the address says."""
    value = page.query_params[key]
    return value if isinstance(value, str) else value[0]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_checkpoint) -> Path:
    monkeypatch.setenv("SONOFORM_LISTENING", str(tmp_path / "listening"))
    return tmp_path / "listening"


def a_set(name: str, category: str) -> Set:
    from synth.instruments.loading import load

    return gathered(name, f"model:tiny/{category}", 2, 0, load)


def test_a_listener_answers_comes_back_and_is_counted(place: Path) -> None:
    made = create("first", "abx", [a_set("one", "hit"), a_set("two", "scrape")], title="Which")
    page = opened(test="first")
    assert not page.exception and "Which" in page.subheader[0].value
    labelled(page.button, "Begin").click().run()
    listener = told(page, "listener")
    assert [item.value for item in page.markdown if len(item.value) == 5] == ["**A**", "**B**", "**X**"]
    first, second = questions(made, listener)
    labelled(page.button, "X is A").click().run()
    (kept,) = answers(made, listener)
    assert (kept.trial, kept.chosen, kept.x) == (first.trial, first.shown[0], first.x)
    again = opened(test="first", listener=listener)
    labelled(again.button, "X is B").click().run()
    assert [one.chosen for one in answers(made, listener)] == [first.shown[0], second.shown[1]]
    assert "Thank you" in again.success[0].value and not again.get("audio")
    results = opened()
    assert "1 listeners" in results.caption[0].value and len(results.get("download_button")) == 2
    assert "test=first" in results.code[0].value


def test_ratings_are_kept_by_set() -> None:
    made = create("rated", "mushra", [a_set("one", "hit")], reference=a_set("r", "scrape"))
    page = opened(test="rated", listener="anna")
    (question, _) = questions(made, "anna")
    assert len(page.get("audio")) == 4 and len(page.slider) == 3, "the reference, and what is rated"
    for number, slider in enumerate(page.slider):
        slider.set_value(10 * number)
    labelled(page.button, "Next").click().run()
    (kept,) = answers(made, "anna")
    assert kept.ratings == {name: 10.0 * i for i, name in enumerate(question.shown)}


def test_a_test_is_made_of_models(place: Path) -> None:
    page = opened()
    labelled(page.button, "Make the test").click().run()
    assert "The test has no name" in page.error[0].value
    labelled(page.text_input, "Name").set_value("Drums, old & new").run()
    labelled(page.button, "Make the test").click().run()
    assert "two sets or more" in page.error[0].value
    labelled(page.multiselect, "Sets to compare").set_value(["model:tiny", "kept"]).run()
    labelled(page.button, "Make the test").click().run()
    assert "Kept sounds has no sound" in page.error[0].value and every() == []


def test_two_models_of_a_category(families, monkeypatch) -> None:
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(families))
    page = opened()
    labelled(page.text_input, "Name").set_value("Families").run()
    offered = labelled(page.multiselect, "Sets to compare").options
    assert len(offered) > 2 and offered[-1] == "Kept sounds"
    labelled(page.multiselect, "Sets to compare").set_value(["model:wgan", "model:cgan"]).run()
    labelled(page.number_input, "Sounds of each set, at most").set_value(2).run()
    labelled(page.button, "Make the test").click().run()
    assert not page.exception and not page.error
    assert len(find("families").trials) == 2


def test_what_is_gone_or_damaged_is_one_sentence_and_a_way_on(place: Path) -> None:
    assert "There is no listening test 'gone'" in opened(test="gone").error[0].value
    made = create("hurt", "ab", [a_set("one", "hit"), a_set("two", "scrape")])
    (made.folder / "answers").mkdir()
    (made.folder / "answers" / "anna.json").write_text("[{")
    page = opened(test="hurt", listener="anna")
    assert not page.exception and "anna.json of the test hurt is damaged" in page.error[0].value
    labelled(page.button, "Put the file aside and go on").click().run()
    labelled(page.button, "A").click().run()
    assert len(answers(made, "anna")) == 1 and len(list((made.folder / "answers").glob("*.damaged"))) == 1
    for file in (made.folder / "sounds").iterdir():
        file.unlink()
    assert "is gone: restore it" in opened(test="hurt", listener="bert").error[0].value
    assert everybody(made)[1] == []
    assert "names no listener" in opened(test="hurt", listener="../x").error[0].value
