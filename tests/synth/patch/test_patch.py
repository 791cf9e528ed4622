"""The patch: its checks, its JSON and its query, and a fuzzed parser."""

import base64
import copy
import dataclasses
import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.choices import PHASES
from synth.errors import PatchError
from synth.patch.patch import Patch
from synth.patch.residual import MAX_TEXT, Products, Residual


def some_residual(seed: int) -> Residual:
    rng = np.random.default_rng(seed)
    return Residual(*(Products.of(rng.standard_normal((k, 6)), rng.standard_normal((k, 5))) for k in (2, 1)))


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
    pitch=st.floats(-24, 24),
    stretch=st.floats(0.25, 4),
    attacks=st.booleans(),
    length=st.none() | st.floats(0.05, 60),
    start=st.none() | st.booleans(),
    end=st.booleans(),
    width=st.floats(0, 1),
    loop=st.booleans(),
    residual=st.none() | st.integers(0, 9).map(lambda seed: some_residual(seed).to_text()),
    residual_amount=st.floats(0, 1),
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


def test_a_patch_from_before_the_decoder_opens_as_it_was():
    assert Patch.from_query("m=environmental&s=7&ph=pghi%2Bgl") == Patch("environmental", seed=7, phase="pghi+gl")
    old = Patch.from_json({"model": "hits_scratches", "seed": 3, "phase": "griffin-lim", "fade_out": 0.5})
    assert old.phase == "griffin-lim"
    assert (old.pitch, old.stretch, old.attacks, old.length) == (0.0, 1.0, False, None)
    assert (old.start, old.end, old.width, old.loop) == (None, False, 0.0, False)


def test_the_controls_of_the_decoder_are_short_in_a_link():
    patch = Patch(pitch=-7.0, stretch=2.0, attacks=True, length=8.0, start=False, end=True, width=0.5, loop=True)
    assert patch.to_query() == "pi=-7.0&st=2.0&at=1&le=8.0&sa=0&en=1&wi=0.5&lo=1"
    assert Patch.from_query("le=none&sa=none&at=0") == Patch()


def test_a_residual_belongs_to_a_latent():
    text = some_residual(0).to_text()
    patch = Patch(latent=(1.0, 2.0), residual=text, residual_amount=0.5)
    assert patch.residual == text and f"rs={text}&ra=0.5" in patch.to_query()
    assert Patch(residual=text).residual is None and dataclasses.replace(patch, latent=None).residual is None
    assert Patch.from_query("rs=none") == Patch()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (7, "must be text, not int"),
        ("AAAA", "is too short: take it from a patch"),
        ("AgEGAAUA", "is not as long as it says"),
        ("not base64!", "is not base64"),
        ("A" * (MAX_TEXT + 1), "is longer than 16000 characters"),
    ],
)
def test_what_is_no_residual_is_one_sentence(text, told):
    with pytest.raises(PatchError, match=told) as caught:
        Patch(latent=(1.0,), residual=text)
    assert caught.value.field == "residual" and len(str(caught.value)) < 200


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
    assert Patch.from_json(patch.to_json()) == patch
    linked = patch.linked()
    assert Patch.from_query(patch.to_query()) == Patch.from_query(linked.to_query()) == linked == linked.linked()
    assert Patch.from_json(linked.to_json()) == linked
    assert Patch.from_json(patch.to_dict(short=True)) == linked and len(json.dumps(patch.to_dict(short=True))) < 12000


def test_a_link_from_before_latents_were_coded_opens_to_the_bit():
    latent = tuple(np.random.default_rng(1).standard_normal(5120).astype(np.float32).tolist())
    old = base64.urlsafe_b64encode(np.asarray(latent, "<f4").tobytes()).decode().rstrip("=")
    assert Patch.from_query(f"c=hit&z={old}") == Patch(category="hit", latent=latent)


def test_a_cut_or_altered_link_is_refused():
    text = Patch(latent=tuple(np.random.default_rng(2).standard_normal(512))).to_query()
    swapped = text[:-3] + ("A" if text[-3] != "A" else "B") + text[-2:]
    for other in (text[:-5], swapped, "z=.", "z=.AAAA", "z=.é"):
        with pytest.raises(PatchError, match="latent: is cut or altered: copy the whole link"):
            Patch.from_query(other)


BAD = [
    ("model", ""), ("model", "../etc"), ("model", 3), ("model", None), ("category", ""), ("category", "a\nb"),
    ("category", 1), ("seed", -1), ("seed", 2**32), ("seed", 1.0), ("seed", True), ("seed", "1"), ("latent", []),
    ("latent", "1,2"), ("latent", [1, math.nan]), ("latent", [math.inf]), ("latent", ["a"]), ("latent", [0] * 65537),
    ("psi", math.nan), ("psi", 2.01), ("psi", -0.01), ("psi", "1"), ("psi", True), ("psi", None), ("psi", 10**400),
    ("prototype", ""), ("prototype", 1), ("pull", 1.1), ("pull", -0.1), ("pull", math.nan), ("pull", None),
    ("sliders", [1]), ("sliders", {"a": 5.1}), ("sliders", {"a": math.nan}), ("sliders", {"a": None}),
    ("sliders", {"": 1.0}), ("sliders", {1: 1.0}), ("phase", "wavenet"), ("phase", None), ("phase", []),
    ("lufs", 0.1), ("lufs", -61), ("lufs", "loud"), ("fade_in", -1), ("fade_out", 10.5), ("fade_in", math.inf),
    ("pitch", 24.1), ("pitch", -24.1), ("pitch", math.nan), ("pitch", None), ("stretch", 0.24), ("stretch", 4.1),
    ("stretch", math.nan), ("attacks", 1), ("attacks", None), ("length", 0.04), ("length", 61), ("length", math.nan),
    ("length", "1"), ("start", 0), ("start", "yes"), ("end", None), ("end", 1.0), ("width", -0.1), ("width", 1.1),
    ("width", math.nan), ("loop", None), ("loop", "1"),
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
           "=1", "pi=25", "pi=none", "st=0", "at=2", "at=true", "le=0", "le=nan", "sa=", "en=none", "wi=2",
           "lo=yes"]  # fmt: skip


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
short = ["m", "c", "s", "z", "p", "pt", "pl", "d.", "d.a", "ph", "l", "fi", "fo", "x"]
keys = st.sampled_from([*short, "pi", "st", "at", "le", "sa", "en", "wi", "lo"])


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
