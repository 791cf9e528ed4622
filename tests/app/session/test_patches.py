"""Links, history and controls of a session, without Streamlit."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from app.session.patches import LEVELLED, MAX_HISTORY, PULL, SLIDERS, History, cleared, open_link, setting, turn
from synth.checkpoint.fit import default_patch, fit
from synth.checkpoint.starting_points import CHOSEN
from synth.checkpoint.store import Card
from synth.patch.patch import Patch


def card(name: str, directions: tuple[str, ...] = ("Dim 1", "Dim 2")) -> Card:
    return Card(
        id=name,
        title=name.title(),
        family="stylegan2",
        categories=("hit", "scrape"),
        sample_rate=16000,
        duration=1.0,
        codec={},
        network={"z_dim": 4, "w_dim": 8},
        directions=tuple({"name": direction} for direction in directions),
        prototypes=({"name": "Clank"},),
    )


CARDS = {"drums": card("drums"), "hits_scratches": card("hits_scratches")}


def test_a_first_visit_opens_the_default_model():
    assert open_link({}, CARDS) == open_link({"app": "our-algo"}, CARDS)
    seed = next(seed for _, category, seed in CHOSEN["hits_scratches"] if category == "scrape")
    assert open_link({}, CARDS).patch == Patch(category="scrape", seed=seed, psi=0.9), "a chosen sound"
    assert default_patch({"drums": CARDS["drums"]}) == Patch(model="drums", category="hit")


def test_a_lane_that_the_model_has_not_is_left_out_and_named():
    rows = [{"name": name, "points": [[0, 1]]} for name in ("pitch", "sliders.Dim 1", "sliders.Bright")]
    patch = Patch("drums", "hit", 3, lanes=rows)
    opened = open_link(dict(parse_qsl(patch.to_query())), CARDS)
    assert [lane.name for lane in opened.patch.automated] == ["pitch", "sliders.Dim 1"]
    assert opened.warning == "The model drums does not have the lane sliders.Bright, so the page leaves that out."
    assert fit(Patch("drums", "hit", lanes=rows[2:]), CARDS["drums"]).lanes is None


def test_a_link_restores_its_patch():
    patch = Patch("drums", "scrape", 7, psi=0.6, sliders={"Dim 2": -1.5}, phase="pghi", lufs=None, fade_out=0.1)
    pairs = dict(pair.split("=") for pair in patch.to_query().replace("+", " ").split("&"))
    opened = open_link(pairs, CARDS)
    assert opened.patch == patch
    assert opened.warning is None


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"s": "abc"}, "seed"),
        ({"p": "nan"}, "psi"),
        ({"d.Dim 1": "9"}, "Dim 1"),
        ({"nonsense": "1"}, "nonsense"),
        ({"m": "violin"}, "violin"),
        ({"m": "../etc"}, "model"),
    ],
)
def test_a_bad_link_opens_the_defaults_with_one_sentence(query, named):
    opened = open_link(query, CARDS)
    assert opened.patch == default_patch(CARDS)
    assert named in opened.warning
    assert "\n" not in opened.warning


def test_a_model_that_the_page_cannot_play_is_sent_where_it_plays():
    opened = open_link({"m": "plain", "s": "3"}, CARDS, {**CARDS, "plain": None})
    assert opened.patch == default_patch(CARDS)
    assert opened.warning == "The model plain has no latent space W, so play it on Generators."
    assert "not installed" in open_link({"m": "gone"}, CARDS, {**CARDS, "plain": None}).warning


def test_what_the_model_does_not_have_is_left_out_and_named():
    opened = open_link({"c": "violin", "s": "3", "d.Dim 1": "1", "d.Bright": "2", "z": "AAAAAA", "pt": "Thud"}, CARDS)
    assert opened.patch == Patch(category="hit", seed=3, sliders={"Dim 1": 1})
    assert all(word in opened.warning for word in ("violin", "Bright", "latent", "Thud"))
    assert open_link({"pt": "Clank", "pl": "0.5"}, CARDS).patch == Patch(category="hit", prototype="Clank", pull=0.5)


@pytest.mark.parametrize(("size", "fits"), [(4, True), (8, True), (24, True), (5, False), (12, False)])
def test_a_latent_must_have_the_size_of_z_w_or_w_plus(size, fits):
    latent = (0.5,) * size
    assert fit(Patch(latent=latent), CARDS["drums"]).latent == (latent if fits else None)


def test_controls_change_one_thing():
    patch = Patch(category="hit", latent=(1.0,) * 4, sliders={"Dim 1": 1.0})
    assert turn(patch, "psi", 0.5, CARDS).psi == 0.5
    assert turn(patch, SLIDERS + "Dim 2", 2.0, CARDS).sliders == {"Dim 1": 1.0, "Dim 2": 2.0}
    assert turn(patch, SLIDERS + "Dim 1", 0.0, CARDS).sliders == {}
    assert turn(patch, "seed", 9, CARDS) == Patch(category="hit", seed=9, sliders={"Dim 1": 1.0})
    assert turn(patch, LEVELLED, False, CARDS).lufs is None
    assert turn(turn(patch, LEVELLED, False, CARDS), LEVELLED, True, CARDS).lufs == Patch().lufs


def test_another_model_keeps_what_it_has_in_common():
    cards = CARDS | {"other": card("other", ("Dim 2",))}
    patch = Patch("drums", "scrape", 5, sliders={"Dim 1": 1.0, "Dim 2": 2.0})
    assert turn(patch, "model", "other", cards) == Patch("other", "scrape", 5, sliders={"Dim 2": 2.0})
    assert turn(patch, "model", "removed", cards).model == "removed"


@pytest.mark.parametrize("name", ["model", "category", "seed", "psi", "phase", "lufs", "fade_in", "fade_out"])
def test_a_setting_turned_to_itself_changes_nothing(name):
    patch = Patch("drums", "scrape", 5, psi=0.7, lufs=-20.0)
    assert turn(patch, name, setting(patch, name), CARDS) == patch


def test_reset_keeps_the_bare_sound():
    patch = Patch("drums", "scrape", 5, psi=0.7, sliders={"Dim 1": 1}, fade_in=1.0)
    assert cleared(patch) == Patch("drums", "scrape", 5)


def test_history_goes_back_and_forth():
    first, second, third = (Patch(seed=seed) for seed in range(3))
    history = History.begin(first)
    assert not history.can_undo and not history.can_redo
    history.push(second)
    history.push(second)
    assert len(history.entries) == 2
    history.undo()
    assert history.patch == first and history.can_redo
    history.redo()
    history.redo()
    assert history.patch == second
    history.undo()
    history.push(third)
    assert history.entries == [first, third] and not history.can_redo


def test_history_has_an_end():
    history = History.begin(Patch())
    for seed in range(MAX_HISTORY + 10):
        history.push(Patch(seed=seed + 1))
    assert len(history.entries) == MAX_HISTORY
    assert history.patch.seed == MAX_HISTORY + 10


def test_directions_that_are_found_need_no_card():
    sized = replace(CARDS["drums"], network={"z_dim": 4, "w_dim": 8})
    patch = Patch("drums", "hit", sliders={"SeFa 2": 1.0, "PCA 8 [0-3]": 1.0, "SeFa 9": 1.0, "SeFa 1 [0-10]": 1.0})
    assert set(fit(patch, sized).sliders) == {"SeFa 2", "PCA 8 [0-3]"}
    assert set(fit(patch, replace(sized, network={})).sliders) == set()


def test_a_prototype_that_is_chosen_is_heard_at_once():
    chosen = turn(Patch("drums", "hit"), "prototype", "Clank", CARDS)
    assert (chosen.prototype, chosen.pull) == ("Clank", PULL)
    assert turn(turn(chosen, "pull", 0.2, CARDS), "prototype", "Clank", CARDS).pull == 0.2
    left = turn(chosen, "prototype", None, CARDS)
    assert (left.prototype, left.pull) == (None, 0.0)


def test_a_link_spells_sliders_in_any_case():
    opened = open_link({"m": "drums", "d.dim 1": "1.5"}, {"drums": card("drums")})
    assert opened.patch.sliders == {"Dim 1": 1.5} and opened.warning is None
