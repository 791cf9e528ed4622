"""The SoundGan service: its routes, with every way of asking wrongly, and the process itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import soundfile
from PIL import Image
from starlette.testclient import TestClient

from app.jobs import jobs
from app.jobs.speed import Speed, keep_speed
from app.server.service import Service
from synth.audio.loudness import true_peak
from synth.cli.command import main
from synth.config import Config, Configured, read
from synth.recipes.recipe import Recipe
from synth.sound.sound import Sound
from synth.storage import write_json
from tests.harness.patience import PATIENCE

MACHINE = ["--threads", "1", "--device", "auto"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A working directory, an outputs folder and a folder of runs; trainers that are left are ended."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SONOFORM_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path / "runs"))
    yield tmp_path
    for folder in jobs.runs():
        record = jobs.read_json(folder / jobs.JOB)
        if record and record.get("birth") and jobs.birth(record["pid"]) == record["birth"]:
            os.killpg(record["pid"], signal.SIGKILL)


@pytest.fixture
def service(tiny_checkpoint):
    return Service(Configured(Config(model="tiny", threads=1)))


def at_home(config: Config) -> TestClient:
    return TestClient(Service(Configured(config)).app(), base_url="http://127.0.0.1:5050")


@pytest.fixture
def client(service):
    return TestClient(service.app(), base_url="http://127.0.0.1:5050")


def refused(answer, status: int, field: str | None) -> str:
    assert answer.status_code == status, answer.text
    assert "\n" not in answer.text
    body = answer.json()
    assert set(body) == {"error", "field"} and body["field"] == field
    assert "Traceback" not in body["error"]
    return body["error"]


# -- sounds ----------------------------------------------------------------------------------------------------------


def test_a_named_file_is_made_and_confirmed(client, here):
    body = client.post("/infer", json={"output_file": "my_new_sound.wav"}).json()
    path = here / "outputs" / "my_new_sound.wav"
    assert body["output_file"] == path.name and body["model"] == "tiny"
    assert body["seconds"] == 0.064 and body["sample_rate"] == 16000
    info = soundfile.info(path)
    assert (info.subtype, info.format, info.frames) == ("PCM_16", "WAV", 1024)
    assert Sound.load(path).patch.seed == body["seed"] and Sound.load(path).patch.lufs is None
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_every_sound_has_a_seed_of_its_own_unless_one_is_named(client):
    seeds = {client.post("/infer", json={"output_file": "a.wav"}).json()["seed"] for _ in range(4)}
    assert len(seeds) == 4
    first, again = (client.post("/infer", json={"seed": 5}) for _ in range(2))
    assert first.headers["content-type"] == "audio/wav" and first.content == again.content
    assert first.headers["sonoform-seed"] == "5"
    drawn = client.post("/infer", json={})
    assert Sound.load(drawn.content).patch.seed == int(drawn.headers["sonoform-seed"])


def test_sounds_are_at_their_peak_unless_configured_otherwise(client, here):
    def peak(**fields) -> float:
        return true_peak(Sound.load(client.post("/infer", json={"seed": 5} | fields).content).samples)

    assert peak() == pytest.approx(-1.0, abs=0.05)
    assert peak(lufs=-40) < -15.0
    client.post("/config", json={"normalise": "loudness"})
    assert peak() == peak(lufs=-18)


def test_a_preview_is_a_picture_beside_the_file(client, here):
    body = client.post("/infer", json={"output_file": "a.flac", "preview": True}).json()
    assert body["preview"] == "a.png"
    with Image.open(here / "outputs" / "a.png") as picture:
        assert picture.width > 400
    client.post("/config", json={"preview": True})
    assert "preview" in client.post("/infer", json={"output_file": "b.wav"}).json()
    assert client.post("/infer", json={}).status_code == 200, "a sound in the answer has no picture"
    refused(client.post("/infer", json={"preview": True}), 400, "preview")
    refused(client.post("/infer", json={"output_file": "c.wav", "preview": "yes"}), 400, "preview")


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"output_file": "../a.wav"}, 400, "output_file"),
        ({"output_file": "a.txt"}, 400, "output_file"),
        ({"output_file": 3}, 400, "output_file"),
        ({"model": "violin"}, 404, "model"),
        ({"seed": -1}, 400, "seed"),
        ({"seed": None}, 400, "seed"),
        ({"phase": "guess"}, 400, "phase"),
        ({"colour": "red"}, 400, "colour"),
    ],
)
def test_a_bad_field_is_named(client, here, fields, status, field):
    refused(client.post("/infer", json=fields), status, field)
    assert not (here / "outputs").exists()


def test_a_model_that_is_not_installed_lists_those_that_are(tiny_checkpoint):
    client = at_home(Config())
    assert "tiny" in refused(client.post("/infer", json={}), 404, "model")


# -- all routes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_line", ["GET /infer", "POST /status", "DELETE /config", "GET /train", "PUT /healthz"])
def test_other_methods_are_refused(client, request_line):
    answer = client.request(*request_line.split())
    refused(answer, 405, None)
    assert answer.headers["allow"]


def test_unknown_addresses_are_refused_in_json(client):
    refused(client.get("/nothing"), 404, None)
    refused(client.get("/"), 404, None)
    refused(client.request("BREW", "/infer"), 405, None)


@pytest.mark.parametrize("route", ["/infer", "/train", "/config"])
def test_what_is_no_json_object_is_refused(client, route):
    refused(client.post(route, content=b"{", headers={"Content-Type": "application/json"}), 400, "body")
    refused(client.post(route, json=[1]), 400, "body")
    refused(client.post(route, content=b"{}"), 415, "Content-Type")
    for origin in ("http://evil.example", "http://[::1"):
        refused(client.post(route, json={}, headers={"Origin": origin}), 403, "Origin")
    refused(client.post(route, json={}, headers={"Host": "evil.example", "Origin": "http://evil.example"}), 403, "Host")
    long = client.post(route, content=rb'{"\ud800": 1}', headers={"Content-Type": "application/json"})
    assert long.status_code == 400 and long.json()["field"] == r"\ud800"
    long = client.post(route, json={"x" * 1_000_000: 1})
    assert long.status_code == 400 and len(long.content) <= 2000


def test_health_and_models(client):
    assert client.get("/healthz").json() == {"status": "ok", "models": 1}
    assert [card["id"] for card in client.get("/models").json()["models"]] == ["tiny"]


# -- configuration -----------------------------------------------------------------------------------------------------


def test_the_configuration_is_shown_and_changed_for_this_process(client, here):
    shown = client.get("/config").json()
    assert shown["config"]["port"] == 5050 and set(shown["sources"]) == set(shown["config"])
    body = client.post("/config", json={"phase": "pghi", "minutes": 5}).json()
    assert body["config"] == shown["config"] | {"phase": "pghi", "minutes": 5.0} and body["saved"] is False
    assert body["sources"]["phase"] == "request"
    assert client.get("/config").json()["config"] == body["config"]
    assert Sound.load(client.post("/infer", json={}).content).patch.phase == "pghi"
    assert not (here / "sonoform.toml").exists()


def test_changes_are_saved_when_asked(client, here):
    client.post("/config", json={"phase": "pghi"})
    assert client.post("/config", json={"minutes": 5, "save": True}).json()["saved"] is True
    config = read(environment={}).config
    assert (config.phase, config.minutes, config.model) == ("pghi", 5.0, "soundgan")


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"colour": "red"}, 400, "colour"),
        ({"port": 80}, 400, "port"),
        ({"outputs": "/tmp"}, 400, "outputs"),
        ({"phase": "guess"}, 400, "phase"),
        ({"phase": "pghi", "preview": 1}, 400, "preview"),
        ({"phase": "pghi", "save": "yes"}, 400, "save"),
        ({"model": "violin"}, 404, "model"),
        ({"data": "/a\0b"}, 400, "data"),
        ({"minutes": 1e9}, 400, "minutes"),
    ],
)
def test_a_bad_key_changes_nothing(client, fields, status, field):
    before = client.get("/config").json()
    refused(client.post("/config", json=fields), status, field)
    assert client.get("/config").json() == before


def test_paths_are_named_on_the_own_machine_only(tiny_checkpoint, here):
    client = at_home(Config(host="0.0.0.0"))
    refused(client.post("/config", json={"data": str(here)}), 403, "data")
    refused(client.post("/train", json={"data": str(here)}), 403, "data")
    local = at_home(Config())
    refused(local.post("/train", json={"data": "/"}, headers={"X-Forwarded-For": "10.0.0.1"}), 403, "data")


# -- training ----------------------------------------------------------------------------------------------------------


def until(client, run: str, state: str) -> dict:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        told = client.get("/status", params={"run": run}).json()
        if told["state"] == state:
            return told
        time.sleep(0.2)
    raise AssertionError(told)


def test_a_run_is_started_and_watched_to_its_end(client, here, recordings, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (here / "runs").mkdir()
    keep_speed(Recipe("tiny", "", 0.064), MACHINE, Speed(50.0, 100.0, 100.0))  # else it would be tried first
    asked = {"preset": "tiny", "data": str(recordings), "minutes": 0.05, "settings": ["tick_kimg=0.01"]}
    body = client.post("/train", json=asked).json()
    run = body.pop("run")
    assert run.startswith("tiny-") and body == asked | {"state": "running", "threads": 1}
    running = client.get("/status", params={"run": run}).json()
    assert running["state"] == "running" and 0.0 < running["seconds_left"] <= 3.0
    done = until(client, run, "finished")
    assert done["images"] > 0 and done["images_per_second"] > 0 and done["phase"] and done["losses"]
    assert not {"step", "seen", "wall_minutes"} & done["losses"].keys() and done["seconds_left"] is None
    assert client.get("/status").json()["runs"] == [done]
    told = jobs.read_json(here / "runs" / run / jobs.JOB)["arguments"]
    assert told[told.index("--set") + 1].startswith("outline_kimg=") and told[-1] == "tick_kimg=0.01"


def test_the_newest_tick_and_the_newest_scores_are_told(client, here):
    folder = here / "runs" / "mine"
    folder.mkdir(parents=True)
    write_json(folder / "config.json", {"config": {}})
    lines = [
        {"step": 1, "seen": 8, "phase": "adversarial", "images_per_second": 2.5, "generator": 0.7, "device": "CPU"},
        {"step": 1, "seen": 8, "phase": "adversarial", "space": "AlexNet", "fad": 9.0, "sounds": 8.0},
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = client.get("/status?run=mine").json()
    assert told["state"] == "idle" and told["images"] == 8 and told["losses"] == {"generator": 0.7}
    assert told["scores"] == {"space": "AlexNet", "images": 8, "fad": 9.0} and told["complaint"] is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "data"),
        ({"data": "/nowhere/at/all"}, "data"),
        ({"data": 3}, "data"),
        ({"preset": "nothing"}, "preset"),
        ({"minutes": -1}, "minutes"),
        ({"threads": 0}, "threads"),
        ({"settings": "batch=8"}, "settings"),
        ({"run": "../up"}, "run"),
        ({"run": 3}, "run"),
        ({"run": "CON"}, "run"),
        ({"run": "nul.x"}, "run"),
        ({"data": "/" + "x" * 300}, "data"),
        ({"data": "/" + "x/" * 3000}, "data"),
        ({"model": "tiny"}, "model"),
        ({"runs": "/tmp"}, "runs"),
    ],
)
def test_a_run_with_a_bad_field_is_not_started(client, here, fields, field):
    refused(client.post("/train", json=fields), 400, field)
    assert jobs.runs() == []


def test_what_a_trainer_would_end_with_is_told_before_it_starts(client, here, recordings):
    (here / "empty" / "kick").mkdir(parents=True)
    (here / "empty" / "kick" / "notes.txt").write_text("no sound")
    before = client.get("/config").json()
    for route in ("/train", "/config"):
        told = refused(client.post(route, json={"preset": "soundgan", "data": str(here / "empty")}), 400, "data")
        assert "no recordings" in told and str(here) not in told
        told = refused(client.post(route, json={"data": str(recordings), "settings": ["colour=1"]}), 400, "settings")
        assert "colour" in told
    refused(client.post("/config", json={"preset": "soundgan", "settings": ["batch=1"]}), 400, "settings")
    assert jobs.runs() == [] and not (here / "unused").exists() and client.get("/config").json() == before


def test_status_of_no_run(client):
    assert client.get("/status").json() == {"runs": []}
    refused(client.get("/status?run=mine"), 404, "run")
    refused(client.get("/status?ran=mine"), 400, "ran")


# -- the commands ------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_service_runs_as_a_process_of_its_own(here, tiny_checkpoint):
    port = free_port()
    (here / "mine.toml").write_text('model = "tiny"\noutputs = "made"\nport = 1\n')
    environment = {k: v for k, v in os.environ.items() if k != "SONOFORM_OUTPUTS"}
    environment["PYTHONPATH"] = str(Path(main.__code__.co_filename).parents[2])
    command = [sys.executable, "-m", "synth", "api", "--port", str(port), "--config", "mine.toml"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert str(port) in server.stdout.readline()
        address = f"http://127.0.0.1:{port}"
        body = json.dumps({"output_file": "my_new_sound.wav"}).encode()
        asked = urllib.request.Request(f"{address}/infer", body, {"Content-Type": "application/json"})
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                    told = json.load(answer)
                break
            except urllib.error.URLError:
                assert server.poll() is None
                time.sleep(0.2)
        assert told["output_file"] == "my_new_sound.wav"
        assert Sound.load(here / "made" / "my_new_sound.wav").patch.seed == told["seed"]
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{address}/nothing", timeout=PATIENCE)
        assert json.load(caught.value)["error"]
    finally:
        server.terminate()
        _, complaints = server.communicate(timeout=PATIENCE)
    assert "Traceback" not in complaints
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)), "nothing is left that listens"


def test_a_port_in_use_is_one_sentence(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["api", "--port", str(taken.getsockname()[1])]) == 2
    assert "add --port N" in capsys.readouterr().err
