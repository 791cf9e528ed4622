"""Listening tests: sets, levels, orders, answers, and what is made of them, with figures that are known."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from synth.audio.loudness import integrated
from synth.errors import ListeningError
from synth.judging import answering, listening_test, verdicts
from synth.judging.answering import answer, answers, everybody, questions, set_aside
from synth.judging.levelling import anchor, levelled
from synth.judging.listening_test import ABX, ANCHOR, MUSHRA, REFERENCE, create, find, sound_of
from synth.judging.sets import Item, Set, gathered, named, of_files
from synth.sound.sound import Sound

RATE = 16000


def noise(seed: int, gain: float = 0.1, seconds: float = 0.6) -> Sound:
    rng = np.random.default_rng(seed)
    return Sound((gain * rng.standard_normal((1, round(seconds * RATE)))).clip(-1, 1).astype(np.float32), RATE)


def a_set(name: str, gain: float = 0.1, count: int = 6) -> Set:
    return named(name, [Item(f"item {i}", noise(i, gain)) for i in range(count)])


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOFORM_LISTENING", str(tmp_path / "listening"))
    return tmp_path / "listening"


# -- sets and levels -----------------------------------------------------------------------------------------------


def test_sets_are_models_presets_folders_and_files(tiny_checkpoint, tmp_path: Path) -> None:
    from synth.instruments.loading import load

    made = gathered("tiny", "model:tiny", 4, 3, load)
    assert [item.name for item in made.items] == ["hit 3", "scrape 3", "hit 4", "scrape 4"]
    assert [item.name for item in gathered("hits", "model:tiny/hit", 2, 0, load).items] == ["hit 0", "hit 1"]
    for i in (2, 1):
        noise(i).save(tmp_path / f"{i}.wav")
    (tmp_path / "notes.txt").write_text("no sound")
    folder = gathered("folder", str(tmp_path), 9, 0, load)
    assert [item.name for item in folder.items] == ["1", "2"]
    assert gathered("file", str(tmp_path / "1.wav"), 9, 0, load).items[0].name == "1"


def test_sets_that_are_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(ListeningError, match=r"there is no .*nowhere: name a folder"):
        gathered("x", str(tmp_path / "nowhere"), 3, 0, lambda _: None)
    with pytest.raises(ListeningError, match="the set x has no sound"):
        gathered("x", str(tmp_path), 3, 0, lambda _: None)
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    with pytest.raises(ListeningError, match=r"bad\.wav cannot be used"):
        of_files([tmp_path / "bad.wav"])


def test_levels_are_matched_also_where_a_peak_holds_one_down() -> None:
    click = Sound(np.pad(np.ones((1, 2), np.float32), ((0, 0), (0, RATE))), RATE)
    for sounds in ([noise(0, 0.01), noise(1, 0.3)], [noise(0), click]):
        reached = [integrated(x.samples, x.sample_rate) for x in levelled(sounds)]
        assert reached[0] == pytest.approx(reached[1], abs=0.1)
    assert reached[0] < -24.0, "as quiet as the click"
    with pytest.raises(ListeningError, match="silent"):
        levelled([noise(0), Sound(np.zeros((1, RATE), np.float32), RATE)])


def test_the_anchor_has_nothing_above_three_and_a_half_kilohertz() -> None:
    def power(sound: Sound, low: float, high: float) -> float:
        found = np.abs(np.fft.rfft(sound.samples[0])) ** 2
        hertz = np.fft.rfftfreq(sound.samples.shape[1], 1.0 / RATE)
        return float(found[(hertz >= low) & (hertz < high)].sum())

    whole, low = noise(0), anchor(noise(0))
    assert power(low, 0, 3000) == pytest.approx(power(whole, 0, 3000), rel=0.02)
    assert power(low, 4000, 8000) < 1e-4 * power(whole, 4000, 8000)


# -- tests on the disk ---------------------------------------------------------------------------------------------


def test_a_test_is_found_as_it_was_made(place: Path) -> None:
    made = create("first", "ab", [a_set("one"), a_set("two", 0.02), a_set("three")], title="Which?", seed=5)
    assert find("first") == made and len(made.trials) == 18, "each pair of three sets, for each of six items"
    assert {tuple(trial.sounds) for trial in made.trials} == {("one", "two"), ("one", "three"), ("two", "three")}
    sound = Sound.load(sound_of(made, 0, "two"))
    assert integrated(sound.samples, RATE) == pytest.approx(-23.0, abs=0.1)
    assert not [path for path in place.rglob("*") if "one" in path.name], "names of files say nothing"


def test_items_are_paired_by_name_else_by_order() -> None:
    other = named("two", [Item("item 4", noise(4)), Item("more", noise(9))])
    assert [trial.item for trial in create("names", "ab", [a_set("one"), other]).trials] == ["item 4"]
    third = named("three", [Item("a", noise(1)), Item("b", noise(2))])
    assert [trial.item for trial in create("order", "ab", [a_set("one"), third]).trials] == ["item 0", "item 1"]


def test_ratings_have_a_hidden_reference_and_an_anchor() -> None:
    made = create("rated", MUSHRA, [a_set("one")], reference=a_set("r"))
    assert made.sets == ("one", REFERENCE, ANCHOR) and len(made.trials) == 6


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: create("x", "ab", [a_set("one")]), "two sets or more"),
        (lambda: create("x", "ab", []), "two sets or more"),
        (lambda: create("../x", "ab", [a_set("one"), a_set("two")]), "no name for a test"),
        (lambda: create("x", "other", [a_set("one"), a_set("two")]), "no kind of test"),
        (lambda: create("x", "abx", [a_set("one"), a_set("two"), a_set("three")]), "make a test for each pair"),
        (lambda: create("x", "ab", [a_set("one"), a_set("one")]), "names of their own"),
        (lambda: create("x", "ab", [a_set("one"), a_set("reference")]), "none is reference"),
        (lambda: find("gone"), "there is no listening test 'gone'"),
        (lambda: find("../etc"), "there is no listening test"),
    ],
)
def test_what_is_no_test_is_told_and_leaves_nothing(make: Callable[[], object], sentence: str, place: Path) -> None:
    with pytest.raises(ListeningError, match=sentence):
        make()
    assert not place.exists() or not list(place.iterdir())


def test_a_name_in_use_and_a_damaged_test_are_told(place: Path) -> None:
    create("first", "ab", [a_set("one"), a_set("two")])
    with pytest.raises(ListeningError, match="already in use"):
        create("first", "ab", [a_set("one"), a_set("two")])
    (place / "first" / "test.json").write_text('{"kind": "ab"')
    with pytest.raises(ListeningError, match=r"test\.json is damaged"):
        find("first")
    assert listening_test.every() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "other"},
        {"seed": "x"},
        {"seed": -1},
        {"sets": []},
        {"trials": []},
        {"trials": [{"item": "a", "sounds": {}}]},
        {"trials": [{"item": "a", "sounds": {"one": 3, "two": "b"}}]},
        {"trials": [{"item": "a", "sounds": {"one": "a", "other": "b"}}]},
        {"title": 3},
        {"more": 1},
    ],
    ids=str,
)
def test_a_test_that_was_altered_is_damaged(wrong: dict, place: Path) -> None:
    create("first", "ab", [a_set("one"), a_set("two")])
    path = place / "first" / "test.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | wrong))
    with pytest.raises(ListeningError, match=r"test\.json is damaged"):
        find("first")


# -- listeners -----------------------------------------------------------------------------------------------------


def test_the_order_of_a_listener_stays_and_is_their_own() -> None:
    made = create("order", ABX, [a_set("one", count=12), a_set("two", count=12)], seed=3)
    assert questions(made, "anna") == questions(find("order"), "anna") != questions(made, "bert")
    asked = [one for i in range(60) for one in questions(made, f"listener{i}")]
    assert sorted({one.trial for one in asked}) == list(range(12))
    for share in (np.mean([one.x == "one" for one in asked]), np.mean([one.shown[0] == "one" for one in asked])):
        assert share == pytest.approx(0.5, abs=0.06)


def test_answers_are_kept_and_the_first_stands() -> None:
    made = create("kept", "ab", [a_set("one"), a_set("two")])
    first, second, *_ = questions(made, "anna")
    answer(made, "anna", first, 0)
    answer(made, "anna", first, 1)
    answer(made, "anna", second, 1)
    assert [one.chosen for one in answers(find("kept"), "anna")] == [first.shown[0], second.shown[1]]


@pytest.mark.parametrize("given", [None, 2, -1, True, "A", 0.5, [1]])
def test_what_is_no_answer_is_refused(given: object) -> None:
    made = create("ab", "ab", [a_set("one"), a_set("two")])
    with pytest.raises(ListeningError, match="no answer"):
        answer(made, "anna", questions(made, "anna")[0], given)
    assert answers(made, "anna") == ()


@pytest.mark.parametrize("given", [3, [50.0], [50.0, 101.0], [50.0, float("nan")], [True, 3]])
def test_what_is_no_rating_is_refused(given: object) -> None:
    made = create("rated", MUSHRA, [a_set("one"), a_set("two")])
    with pytest.raises(ListeningError, match="no ratings"):
        answer(made, "anna", questions(made, "anna")[0], given)


def test_a_damaged_file_is_told_set_aside_and_costs_nobody_else_anything() -> None:
    made = create("hurt", "ab", [a_set("one"), a_set("two")])
    for name in ("anna", "bert"):
        answer(made, name, questions(made, name)[0], 0)
    path = made.folder / "answers" / "anna.json"
    path.write_text(path.read_text()[:40])
    with pytest.raises(ListeningError, match=r"anna\.json of the test hurt is damaged"):
        answer(made, "anna", questions(made, "anna")[1], 0)
    heard, faults = everybody(made)
    assert list(heard) == ["bert"] and len(faults) == 1
    cut = path.read_text()
    set_aside(made, "anna")
    answer(made, "anna", questions(made, "anna")[1], 0)
    assert len(answers(made, "anna")) == 1
    assert [one.read_text() for one in path.parent.glob("anna.*.damaged")] == [cut]
    with pytest.raises(ListeningError, match="no listener"):
        answers(made, "../../x")


def _answers_some(first: int) -> None:
    made = find("both")
    for one in questions(made, "anna")[first::2]:
        answer(made, "anna", one, 0)


def test_two_processes_lose_no_answer() -> None:
    made = create("both", "ab", [a_set("one", count=20), a_set("two", count=20)])
    context = multiprocessing.get_context("spawn")
    hands = [context.Process(target=_answers_some, args=(first,)) for first in (0, 1)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(answers(made, "anna")) == 20


# -- figures -------------------------------------------------------------------------------------------------------


def chosen(count: int, first: int) -> list[answering.Answer]:
    return [
        answering.Answer(i, ("one", "two"), None, "one" if i < first else "two", {}, "2026-01-01") for i in range(count)
    ]


def test_wilsons_interval_of_eight_of_ten() -> None:
    made = create("ab", "ab", [a_set("one"), a_set("two")])
    (found,) = verdicts.verdicts(made, {"anna": chosen(6, 5), "bert": chosen(4, 3)})
    assert (found.what, found.figure, found.n) == ("one > two", 0.8, 10)
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert found.p == pytest.approx(0.109375)


def test_the_exact_interval_of_twelve_of_sixteen() -> None:
    made = create("abx", ABX, [a_set("one"), a_set("two")])
    said = [answering.Answer(i, ("one", "two"), "one", "one" if i < 12 else "two", {}, "") for i in range(16)]
    (found,) = verdicts.verdicts(made, {"anna": said})
    assert (found.low, found.high) == pytest.approx((0.4762, 0.9273), abs=1e-4)
    assert found.p == pytest.approx(0.038406, abs=1e-6)


def rated(value: float, reference: float = 100.0, trials: int = 4) -> list[answering.Answer]:
    ratings = {"one": value, REFERENCE: reference, ANCHOR: 20.0}
    return [answering.Answer(i, tuple(ratings), None, None, ratings, "") for i in range(trials)]


def test_students_interval_over_listeners_and_one_who_does_not_hear_the_reference() -> None:
    made = create("rated", MUSHRA, [a_set("one")], reference=a_set("r"))
    said = {"anna": rated(60.0), "bert": rated(70.0), "carl": rated(80.0), "dora": rated(0.0, reference=50.0)}
    found = {verdict.what: verdict for verdict in verdicts.verdicts(made, said)}
    assert verdicts.left_out(made, said) == ("dora",)
    assert found["one"].figure == pytest.approx(70.0) and found["one"].n == 3
    assert (found["one"].low, found["one"].high) == pytest.approx((70 - 24.841, 70 + 24.841), abs=1e-2)
    assert found[REFERENCE].low == found[REFERENCE].high == 100.0
    (alone, *_) = verdicts.verdicts(made, {"anna": rated(60.0)})
    assert (alone.low, alone.high) == (0.0, 100.0), "one listener tells nothing of others"


def test_csv_has_the_figures_and_every_answer() -> None:
    made = create("csv", "ab", [a_set("one"), named("=two", a_set("x").items)])
    said = {"anna": [answering.Answer(0, ("one", "=two"), None, "=two", {}, "2026-01-01T10:00:00+00:00")]}
    (row,) = csv.DictReader(io.StringIO(verdicts.results_csv(made, said)))
    assert (row["what"], row["figure"], row["n"]) == ("one > =two", "0", "1")
    (row,) = csv.DictReader(io.StringIO(verdicts.answers_csv(made, said)))
    assert (row["listener"], row["set"], row["answer"]) == ("anna", "'=two", "chosen")
    assert verdicts.verdicts(made, {}) == [] and verdicts.results_csv(made, {}) == "what,figure,low,high,n,p\n"


def test_the_verb_makes_lists_and_counts(tiny_checkpoint, tmp_path: Path, capsys) -> None:
    from synth.cli.command import main

    assert (
        main(["listen", "new", "t", "--set", "a=model:tiny/hit", "--set", "b=model:tiny/scrape", "--trials", "2"]) == 0
    )
    made = find("t")
    for one in questions(made, "anna"):
        answer(made, "anna", one, one.shown.index("a"))
    assert main(["listen", "list"]) == 0 and "1 listeners" in capsys.readouterr().out
    out = tmp_path / "r.csv"
    assert main(["listen", "results", "t", "--json", "--out", str(out), "--answers", str(tmp_path / "a.csv")]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["figure"], row["n"]) == (1.0, 2) and out.read_text().startswith("what,figure")
    assert main(["listen", "results", "gone"]) == 2 and main(["listen", "new", "u", "--set", "a"]) == 2
