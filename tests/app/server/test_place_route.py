"""POST /place and GET /chart, with every way of asking wrongly that is their own."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.server import routes
from synth.publishing.charting import chart
from synth.sound.sound import Sound


@pytest.fixture
def client(tiny_checkpoint, recordings, tmp_path, monkeypatch):
    root = shutil.copytree(tiny_checkpoint, tmp_path / "checkpoints")
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(root))
    chart("tiny", recordings, 40, update=True)
    return TestClient(Starlette(routes=routes.routes()), base_url="http://127.0.0.1:8501")


def test_a_place_is_heard_as_audio_whose_patch_makes_it_again(client):
    sounds = [Sound.load(client.post("/place", json={"model": "tiny", "x": x, "y": 0.2}).content) for x in (-0.7, 0.7)]
    again = Sound.load(client.post("/infer", json=sounds[0].patch.to_dict()).content)
    assert np.array_equal(sounds[0].samples, again.samples) and np.abs(again.samples).max() > 0.01
    assert not np.array_equal(*(sound.samples[:, :8000] for sound in sounds))


def test_the_chart_tells_what_lies_where(client):
    told = client.get("/chart?model=tiny").json()
    count = len(told["points"])
    assert count == len(told["categories"]) == len(told["measured"][0]) and 0 < told["clips"] < count
    assert len(told["credited"]) == told["clips"] and len(told["measured"]) == len(told["descriptors"])


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({}, 400, "model"),
        ({"model": "tiny", "x": 0.0}, 400, "y"),
        ({"model": "tiny", "x": 1.5, "y": 0.0}, 400, "x"),
        ({"model": "tiny", "x": "left", "y": 0.0}, 400, "x"),
        ({"model": "tiny", "x": 0.0, "y": 0.0, "z": 0.0}, 400, "z"),
        ({"model": "other", "x": 0.0, "y": 0.0}, 404, "model"),
    ],
)
def test_what_is_no_place_is_refused(client, asked, status, field):
    answer = client.post("/place", json=asked)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_a_model_without_a_map_says_how_to_make_one(tiny_checkpoint):
    client = TestClient(Starlette(routes=routes.routes()), base_url="http://127.0.0.1:8501")
    answers = [client.get("/chart?model=tiny"), client.post("/place", json={"model": "tiny", "x": 0.0, "y": 0.0})]
    for answer in answers:
        assert answer.status_code >= 400 and "tiny has no map: make one with map --model tiny" in answer.json()["error"]
    assert client.get("/chart?model=../x").status_code == 400
