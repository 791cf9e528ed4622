"""GET /stream: what may be asked, what is sent, and that a listener who leaves leaves nothing behind."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.server import routes, streaming
from app.server.connections import Patient
from app.server.door import Door
from app.server.gate import Gate
from synth.checkpoint.store import find
from synth.errors import PatchError
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from tests.harness.listening import running
from tests.harness.patience import PATIENCE, until
from tests.harness.serving import free_port

RATE, BLOCK = 16000, 4000


class Endless:
    """An instrument of blocks that count their samples, which notes how many it made and how it was let go of."""

    def __init__(self, channels: int = 1):
        self.channels, self.go_on = channels, threading.Event()
        self.go_on.set()
        self.made, self.closed = 0, 0

    def endless(self, patch: Patch) -> Iterator[Sound]:
        if patch.category == "hit":
            raise PatchError("model", "makes one-shots, which have an end: use /infer")
        try:
            while True:
                self.go_on.wait(PATIENCE)
                ramp = (np.arange(BLOCK) + BLOCK * self.made) % 1000 / 1000.0
                self.made += 1
                yield Sound(np.tile(ramp, (self.channels, 1)), RATE, patch)
        finally:
            self.closed += 1


@pytest.fixture
def playing(monkeypatch, tiny_checkpoint):
    """An instrument that is asked by every request."""
    shared = Endless()

    def instrument(model: str) -> Endless:
        find(model)  # refuses those that there are not, as the instrument itself does
        return shared

    monkeypatch.setattr(streaming, "instrument", instrument)
    return shared


@pytest.fixture
def client(playing):
    return TestClient(Starlette(routes=routes.routes()), base_url="http://127.0.0.1:8501")


def test_so_many_seconds_are_sent(client, playing, tmp_path):
    answer = client.get("/stream?m=tiny&c=scrape&seconds=1.1&format=wav")
    assert answer.status_code == 200 and answer.headers["content-type"] == "audio/wav"
    assert "content-length" not in answer.headers, "it is sent while it is made"
    path = tmp_path / "a.wav"
    path.write_bytes(answer.content)
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE and len(samples) == 17600 and len(answer.content) == 44 + 2 * 17600
    assert np.abs(samples - np.rint(np.arange(17600) % 1000 * 32.767)).max() <= 1, "no block is missing"
    assert playing.made == 5 and playing.closed == 1 and streaming.listeners.count == 0


def test_two_channels_stay_two(client, playing):
    playing.channels = 2
    answer = client.get("/stream?m=tiny&c=scrape&seconds=0.5").content
    assert len(answer) == 44 + 4 * 8000 and answer[22:24] == b"\x02\x00"


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("m=tiny&c=hit", 400, "model"),
        ("m=violin", 404, "model"),
        ("m=tiny&seconds=0", 400, "seconds"),
        ("m=tiny&seconds=601", 400, "seconds"),
        ("m=tiny&seconds=nan", 400, "seconds"),
        ("m=tiny&seconds=1&seconds=2", 400, "seconds"),
        ("m=tiny&format=mp3", 400, "format"),
        ("m=tiny&colour=red", 400, "'colour'"),
        ("m=tiny&p=9", 400, "psi"),
        ("m=tiny&p=1&p=1", 400, "p"),
    ],
)
def test_what_cannot_be_streamed_is_one_sentence(client, playing, query, status, field):
    answer = client.get(f"/stream?{query}")
    assert answer.status_code == status and answer.json()["field"] == field
    assert playing.made == 0 and streaming.listeners.count == 0


def test_pages_of_other_sites_may_not_listen(client):
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        assert client.get("/stream?m=tiny", headers=headers).json()["field"] == "Origin"
    assert client.post("/stream?m=tiny").status_code == 405


def test_the_limits_are_settings(client, monkeypatch):
    monkeypatch.setenv("SONOFORM_STREAM_MINUTES", "0.01")
    assert client.get("/stream?m=tiny&seconds=1").json()["error"] == "seconds: must be above 0 and at most 0.6"
    assert len(client.get("/stream?m=tiny").content) == 44 + 2 * 9600, "and the default"
    monkeypatch.setenv("SONOFORM_LISTENERS", "0")
    full = client.get("/stream?m=tiny")
    assert full.status_code == 503 and full.headers["retry-after"] and "0 listeners" in full.json()["error"]


# -- listeners who leave ---------------------------------------------------------------------------------------------


@pytest.fixture
def server(playing) -> Iterator[uvicorn.Server]:
    where = free_port()
    app = Starlette(routes=routes.routes(), middleware=[Middleware(Gate, door=Door("127.0.0.1"))])
    server = uvicorn.Server(uvicorn.Config(app, port=where, http=Patient, log_level="critical"))
    yield from running(server)


@pytest.fixture
def port(server) -> int:
    found: int = server.config.port
    return found


def listening(port: int) -> socket.socket:
    plug = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    plug.sendall(b"GET /stream?m=tiny&c=scrape HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return plug


def test_one_who_leaves_ends_the_stream(port, playing, monkeypatch):
    monkeypatch.setattr(streaming, "LEAD", 0.5)
    plug = listening(port)
    assert plug.recv(1000).startswith(b"HTTP/1.1 200")
    assert streaming.listeners.count == 1
    plug.close()
    until(lambda: streaming.listeners.count == 0 and playing.closed == 1)
    made = playing.made
    time.sleep(0.6)
    assert playing.made == made, "nothing is made for nobody"


def test_one_who_leaves_before_the_first_byte_does_too(server, port, playing):
    playing.go_on.clear()
    plug = listening(port)
    until(lambda: streaming.listeners.count == 1)
    plug.close()
    until(lambda: not server.server_state.connections)
    playing.go_on.set()
    until(lambda: streaming.listeners.count == 0 and playing.closed == 1)
    assert playing.made <= 3


def test_blocks_are_made_at_the_pace_of_the_clock(port, playing, monkeypatch):
    monkeypatch.setattr(streaming, "LEAD", 0.25)
    plug = listening(port)
    begun = time.monotonic()
    got = 0
    while time.monotonic() - begun < 1.0 or got <= 2 * BLOCK:
        got += len(plug.recv(65536))
    assert playing.made * BLOCK / RATE <= time.monotonic() - begun + 0.25 + 2 * BLOCK / RATE
    assert got > 2 * BLOCK
    plug.close()


def test_there_is_room_again_when_one_leaves(port, monkeypatch):
    monkeypatch.setenv("SONOFORM_LISTENERS", "1")
    first = listening(port)
    assert first.recv(1000).startswith(b"HTTP/1.1 200")
    assert listening(port).recv(1000).startswith(b"HTTP/1.1 503")
    first.close()
    until(lambda: streaming.listeners.count == 0)
    third = listening(port)
    assert third.recv(1000).startswith(b"HTTP/1.1 200")
    third.close()
