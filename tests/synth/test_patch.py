"""The patch: its checks, its JSON and its query, and a fuzzed parser."""

import copy
import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.errors import PatchError
from synth.patch import PHASES, Patch

names = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
patches = st.builds(
    Patch,
    model=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    category=st.none() | names,
    seed=st.integers(0, 2**32 - 1),
    latent=st.none() | st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40).map(tuple),
    psi=st.floats(0, 2),
    prototype=st.none() | names,
    pull=st.floats(0, 1),
    sliders=st.dictionaries(names, st.floats(-5, 5), max_size=6),
    phase=st.sampled_from(PHASES),
    lufs=st.none() | st.floats(-60, 0),
    fade_in=st.floats(0, 10),
    fade_out=st.floats(0, 10),
)


@settings(deadline=None)
@given(patches)
def test_every_form_gives_the_same_patch(patch):
    assert Patch.from_json(patch.to_json()) == patch
    assert Patch.from_json(json.loads(patch.to_json())) == patch
    assert Patch.from_query(patch.to_query()) == patch
    assert Patch.from_query("?" + patch.to_query()) == patch
    assert pickle.loads(pickle.dumps(patch)) == copy.deepcopy(patch) == patch
    assert hash(Patch.from_json(patch.to_json())) == hash(patch)


def test_the_default_is_an_empty_query_and_a_change_is_short():
    assert Patch().to_query() == ""
    assert Patch.from_query("") == Patch.from_json("{}") == Patch()
    patch = Patch(category="scrape", seed=7, sliders={"Dim 1": 1.5, "Dim 2": 0.0}, lufs=None)
    assert patch.to_query() == "c=scrape&s=7&d.Dim+1=1.5&l=none"
    assert Patch.from_query({"c": "scrape", "s": "7", "d.Dim 1": "1.5", "l": "none"}) == patch


def test_sliders_are_a_value():
    patch = Patch(sliders={"b": 1, "a": -2.5, "c": 0})
    assert list(patch.sliders) == ["a", "b"] and patch.sliders == {"a": -2.5, "b": 1.0}
    assert patch == Patch(sliders={"a": -2.5, "b": 1.0})
    with pytest.raises(TypeError):
        patch.sliders["a"] = 1.0


def test_a_long_latent_survives_every_form():
    latent = tuple(np.random.default_rng(0).standard_normal(14 * 512))
    patch = Patch(latent=latent)
    np.testing.assert_array_equal(np.float32(patch.latent), np.float32(latent))
    assert Patch.from_json(patch.to_json()) == Patch.from_query(patch.to_query()) == patch


BAD = [
    ("model", ""), ("model", "../etc"), ("model", 3), ("model", None), ("category", ""), ("category", "a\nb"),
    ("category", 1), ("seed", -1), ("seed", 2**32), ("seed", 1.0), ("seed", True), ("seed", "1"), ("latent", []),
    ("latent", "1,2"), ("latent", [1, math.nan]), ("latent", [math.inf]), ("latent", ["a"]), ("latent", [0] * 65537),
    ("psi", math.nan), ("psi", 2.01), ("psi", -0.01), ("psi", "1"), ("psi", True), ("psi", None), ("psi", 10**400),
    ("prototype", ""), ("prototype", 1), ("pull", 1.1), ("pull", -0.1), ("pull", math.nan), ("pull", None),
    ("sliders", [1]), ("sliders", {"a": 5.1}), ("sliders", {"a": math.nan}), ("sliders", {"a": None}),
    ("sliders", {"": 1.0}), ("sliders", {1: 1.0}), ("phase", "wavenet"), ("phase", None), ("phase", []),
    ("lufs", 0.1), ("lufs", -61), ("lufs", "loud"), ("fade_in", -1), ("fade_out", 10.5), ("fade_in", math.inf),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_value_names_its_field(field, value):
    for make in (lambda: Patch(**{field: value}), lambda: Patch.from_json({field: value})):
        with pytest.raises(PatchError) as caught:
            make()
        assert caught.value.field.split(".")[0] == field
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["", "[]", "null", "1", '"a"', "{", '{"psi": NaN}', '{"seed": 1e3}', "[" * 100000])
def test_bad_json_is_refused(text):
    with pytest.raises(PatchError):
        Patch.from_json(text)


def test_unknown_keys_are_named_in_both_forms():
    with pytest.raises(PatchError, match="sead"):
        Patch.from_json({"sead": 1})
    with pytest.raises(PatchError, match="q"):
        Patch.from_query("q=1")


QUERIES = ["s=", "s=-1", "s=1.5", "s=99999999999", "p=", "p=nan", "p=1&p=1", "z=", "z=AAA", "z=%FF%FF", "d.=1", "d.a=x",
           "d.a=inf", "l=quiet", "fi=-1", "pl=2", "pl=far", "pt=", "m=", "m=a/b", "ph=", "c=", "nothing", "&&",
           "=1"]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_bad_queries_are_refused(query):
    with pytest.raises(PatchError):
        Patch.from_query(query)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from([*Patch.__dataclass_fields__, "other"])
keys = st.sampled_from(["m", "c", "s", "z", "p", "pt", "pl", "d.", "d.a", "ph", "l", "fi", "fo", "x"])


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(fields | st.text(), json_values, max_size=5) | json_values)
def test_any_json_is_a_patch_or_a_patch_error(value):
    for source in (value, json.dumps(value)):
        try:
            patch = Patch.from_json(source)
        except PatchError:
            continue
        assert Patch.from_json(patch.to_json()) == patch


@settings(deadline=None, max_examples=300)
@given(st.text() | st.dictionaries(keys, st.text() | st.floats().map(str) | st.binary(max_size=30).map(str)))
def test_any_query_is_a_patch_or_a_patch_error(query):
    try:
        patch = Patch.from_query(query)
    except PatchError:
        return
    assert Patch.from_query(patch.to_query()) == patch
