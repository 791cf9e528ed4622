"""Refusals are one short line of JSON, whatever a client sent."""

import json

import pytest

from app.server.refusals import Refusal, refused, without_places
from synth.errors import CheckpointError, PatchError


@pytest.mark.parametrize("text", ["\ud800", "a\nb\x00", "x" * 10**6, "\U0001f600" * 10**5, '"\\' * 10**5, "é" * 3000])
def test_a_refusal_is_short_and_can_be_read(text):
    for error in (PatchError(text, f"is not {text}"), Refusal(400, text, text), CheckpointError(text)):
        answer = refused(error)
        assert len(answer.body) <= 2000 and b"\n" not in answer.body
        told = json.loads(answer.body.decode())
        assert set(told) == {"error", "field"} and told["error"].isprintable()


def test_a_short_sentence_stays_as_it_is():
    told = json.loads(refused(PatchError("seed", 'must be "whole", not é')).body)
    assert told == {"error": 'seed: must be "whole", not é', "field": "seed"}
    assert json.loads(refused(ValueError("secret")).body)["error"].count("secret") == 0


def test_sentences_name_no_places_of_the_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path / "my models"))
    text = f"{tmp_path / 'my models' / 'tiny' / 'card.json'} is damaged; see {tmp_path / 'my models'}: restore it"
    assert without_places(text) == "tiny/card.json is damaged; see my models: restore it"
