"""POST /morph, with every way of asking wrongly that is its own; test_routes.py has those of all routes."""

from __future__ import annotations

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.server import routes
from app.server.frames import HEADER, MAGIC
from synth.sound.sound import Sound

A, B = {"model": "tiny", "category": "hit", "seed": 1}, {"model": "tiny", "category": "scrape", "seed": 2}


@pytest.fixture
def client(tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("SONOFORM_OUTPUTS", str(tmp_path))
    page = Route("/morph", lambda _: PlainTextResponse("the page"))
    return TestClient(Starlette(routes=[*routes.routes(), page]), base_url="http://127.0.0.1:8501")


def test_a_morph_is_heard_as_audio_whose_patch_makes_it_again(client):
    answer = client.post("/morph", json={"corners": [A, B], "x": 0.5})
    assert answer.status_code == 200 and answer.headers["content-type"] == "audio/wav"
    sound = Sound.load(answer.content)
    again = Sound.load(client.post("/infer", json=sound.patch.to_dict()).content)
    assert np.array_equal(sound.samples, again.samples) and np.abs(sound.samples).max() > 0.01


def test_a_place_that_moves_is_another_draft(client):
    def frame(**more) -> bytes:
        asked = {"corners": [A, "m=tiny&c=scrape&s=2"], "format": "frame", "draft": True, "sequence": 5, **more}
        return client.post("/morph", json=asked).content

    frames = [frame(x=x) for x in (0.0, 0.5, 1.0)]
    assert {HEADER.unpack_from(data)[0] for data in frames} == {MAGIC}
    assert {HEADER.unpack_from(data)[3] for data in frames} == {5}
    assert len({data[HEADER.size :] for data in frames}) == 3


def test_an_output_is_confirmed_with_the_patch_of_the_place(client, tmp_path):
    answer = client.post("/morph", json={"corners": [A, B], "x": 1.0, "output_file": "b.wav"}).json()
    assert answer["patch"]["category"] == "scrape" and (tmp_path / "b.wav").stat().st_size == answer["bytes"]


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({}, 400, "corners"),
        ({"corners": [A]}, 400, "corners"),
        ({"corners": [A, {**B, "seed": -1}]}, 400, "B.seed"),
        ({"corners": [A, {**B, "model": "other"}]}, 400, "B.model"),
        ({"corners": [{"model": "other"}, {"model": "other"}]}, 404, "model"),
        ({"corners": [A, B], "x": 2}, 400, "x"),
        ({"corners": [A, B], "path": "z"}, 400, "path"),
        ({"corners": [A, B], "layers": [0, 99]}, 400, "layers"),
        ({"corners": [A, B], "pace": 1}, 400, "pace"),
        ({"corners": [A, {**B, "latent": [0.0] * 3}]}, 400, "latent"),
        ({"corners": [A, B], "draft": True}, 400, "draft"),
        ({"corners": [A, B], "seed": 1}, 400, "seed"),
    ],
)
def test_what_is_wrong_is_one_line(client, asked, status, field):
    answer = client.post("/morph", json=asked)
    assert answer.status_code == status and answer.json()["field"] == field and "\n" not in answer.text


def test_the_page_of_the_same_address_is_left_alone(client):
    assert client.get("/morph").text == "the page"
    assert client.put("/morph").status_code == 405
