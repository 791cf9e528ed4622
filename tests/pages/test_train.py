"""The Train page, run by Streamlit's own test harness; real trainers run in tests/app/jobs and tests/e2e."""

from __future__ import annotations

import io
import json
import os
import shutil
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.jobs import jobs, uploads
from app.jobs.speed import Speed, keep_speed
from synth.recipes.recipe import RECIPES
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("SONOFORM_RUNS", str(folder))
    return folder


@pytest.fixture
def page(tiny_checkpoint, root):
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/train.py")
    return page


@pytest.fixture
def finished(root: Path, tiny_run: Path) -> Path:
    """A run of the terminal that is over."""
    return Path(shutil.copytree(tiny_run, root / "mine"))


def zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*.wav")):
            archive.write(path, path.relative_to(folder.parent))
    return buffer.getvalue()


def button(page: AppTest, label: str):
    return next(item for item in page.button if item.label == label)


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def sentence(items) -> str:
    (item,) = items
    assert "\n" not in item.value and item.value.endswith(".") and "Error" not in item.value
    return item.value


def test_a_first_visit_says_what_to_do(page):
    page.run()
    assert not page.exception and not page.error
    assert any("Publish" in text.value for text in page.markdown)
    assert not page.button and not page.selectbox


def test_a_zip_is_understood_and_started_on(page, root, recordings, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start", lambda *what: started.append(what) or root / what[0])
    machine = ["--threads", str(max((os.cpu_count() or 1) - 1, 1)), "--device", "auto"]
    keep_speed(RECIPES["tiny"], machine, Speed(16.0, 300.0, 40.0, measured=time.time()))
    page.run()
    page.file_uploader[0].upload("my drums.zip", zipped(recordings), "application/zip").run()
    assert not page.exception and not page.error
    assert any("**20** clips" in text.value and "**2** categories" in text.value for text in page.markdown)
    assert labelled(page.selectbox, "Begin").options[0] == "From scratch, sounds of 0.06 s"
    name = labelled(page.text_input, "Name of the run")
    assert name.value == "my_drums"
    page.button_group[1].set_value("10 min").run()
    assert any("Inventing" in item.proto.body for item in page.get("html"))
    name.set_value("kit").run()
    button(page, "Start").click().run()
    ((name, arguments, minutes, given),) = started
    assert (name, minutes, given) == ("kit", 10, machine)
    data = Path(arguments[arguments.index("--data") + 1])
    assert sorted(p.name for p in data.iterdir() if p.is_dir()) == ["hit", "scrape"]
    assert arguments[arguments.index("--preset") + 1] == "tiny" and "--start" not in arguments


@pytest.mark.parametrize("preset", [recipe.preset for recipe in RECIPES.values() if recipe.plain])
def test_a_plain_preset_is_planned_in_one_stage_and_started(page, root, recordings, monkeypatch, preset):
    started, tried = [], []
    monkeypatch.setattr(jobs, "start", lambda *what: started.append(what) or root / what[0])
    monkeypatch.setattr("app.jobs.speed.jobs.call", lambda arguments: tried.append(arguments) or "")
    monkeypatch.setattr("app.jobs.speed.speed_of", lambda ticks: Speed(20.0, measured=time.time()))
    monkeypatch.setattr(
        uploads, "look", lambda *what: uploads.Found(recordings, 20, 1.3, {"hit": 10, "scrape": 10}, (), ())
    )
    recipe = RECIPES[preset]
    page.run()
    page.button_group[0].set_value("Path").run()
    page.text_input[0].set_value(str(recordings)).run()
    labelled(page.selectbox, "Begin").set_value(recipe).run()
    button(page, "Estimate").click().run()
    assert not page.exception and not page.error
    (call,) = tried
    assert call[call.index("--preset") + 1] == preset
    table = next(item.proto.body for item in page.get("html") if "class='plan'" in item.proto.body)
    assert "Inventing" in table and "36.0 k" in table and "Outlines" not in table
    button(page, "Start").click().run()
    ((_, arguments, _, _),) = started
    assert arguments[arguments.index("--preset") + 1] == preset and len(tried) == 1


def test_a_published_plain_model_is_played_on_generators(page, finished, families, monkeypatch):
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(families))
    monkeypatch.setattr(jobs, "published", lambda folder: ["soundgan", "tiny"])
    page.run()
    assert not page.exception
    links = {item.proto.label: (item.proto.page, item.proto.query_string) for item in page.get("page_link")}
    assert links["Play Soundgan"] == ("generators", "batch=m%3Dsoundgan%26mode%3Dseeds%26count%3D10")
    assert links["Play Tiny"][1] == "m=tiny"


def test_what_is_no_zip_is_one_sentence(page):
    page.run()
    page.file_uploader[0].upload("broken.zip", b"PK, but no zip", "application/zip").run()
    assert not page.exception
    assert "zip" in sentence(page.error)
    assert "Start" not in [item.label for item in page.button]


def test_what_is_no_folder_is_one_sentence(page):
    page.run()
    page.button_group[0].set_value("Path").run()
    page.text_input[0].set_value("/no/such/folder").run()
    assert not page.exception
    assert "/no/such/folder" in sentence(page.error)


def test_what_forbids_training_is_said_and_nothing_can_be_started(page, tmp_path, monkeypatch):
    found = uploads.Found(
        tmp_path, 3, 6.0, {"hit": 3}, ("There are 3 clips: add some.",), ("One is silent: remove it.",)
    )
    monkeypatch.setattr(uploads, "look", lambda *what: found)
    page.run()
    page.button_group[0].set_value("Path").run()
    page.text_input[0].set_value(str(tmp_path)).run()
    assert not page.exception
    assert (page.error[0].value, page.warning[0].value) == (found.blocking[0], found.warnings[0])
    assert "Start" not in [item.label for item in page.button]


def test_a_run_shows_its_figures_sounds_and_curves(page, finished):
    page.run()
    assert not page.exception and not page.error and not page.warning
    assert labelled(page.selectbox, "Run").value == "mine"
    figures = {item.label: item.value for item in page.metric}
    assert figures["Stage"] == "Inventing" and float(figures["Sounds/s"]) > 0
    assert len(page.get("audio")) == 2 and len(page.get("vega_lite_chart")) >= 3
    assert "Pause" not in [item.label for item in page.button]


def test_the_name_of_another_model_is_refused(page, finished, tiny_checkpoint):
    before = (tiny_checkpoint / "tiny" / "card.json").stat().st_mtime_ns
    page.run()
    labelled(page.text_input, "Name of the model").set_value("tiny").run()
    button(page, "Publish").click().run()
    assert "tiny" in sentence(page.warning)
    assert (tiny_checkpoint / "tiny" / "card.json").stat().st_mtime_ns == before


def test_a_crash_shows_its_last_lines_and_the_way_on(page, finished, monkeypatch):
    record = {"pid": 1, "birth": "long ago", "started": time.time() - 60, "minutes": 30.0, "arguments": []}
    (finished / jobs.JOB).write_text(json.dumps(record))
    (finished / jobs.ENDED).write_text(json.dumps({"code": 2, "at": time.time()}))
    (finished / jobs.LOG).write_text("0.1 kimg\nsonoform: the disk is full: free some space and resume\n")
    resumed = []
    monkeypatch.setattr(jobs, "resume", lambda *what: resumed.append(what))
    page.run()
    assert not page.exception
    assert sentence(page.error) == "The disk is full: free some space and resume."
    assert "0.1 kimg" in page.code[0].value
    page.run()
    assert labelled(page.number_input, "Minutes").value == 29
    button(page, "Go on").click().run()
    assert resumed == [(finished, 29)]


def test_a_run_is_deleted_once_asked(page, finished):
    page.run()
    button(page, "Delete for good").click().run()
    assert not page.exception and not page.warning and not finished.exists()
    assert any("Bring your sounds" in text.value for text in page.markdown), "as on a first visit"


@pytest.mark.parametrize(
    ("address", "headers", "offered"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("localhost", {}, True),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, False),
        ("0.0.0.0", {}, False),
        (None, {}, False),
        ("studio", {}, False),
    ],
)
def test_folders_of_the_server_are_for_its_own_people(page, monkeypatch, address, headers, offered):
    asked = st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: address if name == "server.address" else asked(name))
    monkeypatch.setattr(type(st.context), "headers", headers)
    page.run()
    assert not page.exception
    assert ("Path" in page.button_group[0].options) == offered


def test_every_fault_of_the_sounds_is_said(page, root, tmp_path):
    folder = tmp_path / "mine"
    rng = np.random.default_rng(1)
    for i in range(45):
        sound = 0.2 * rng.standard_normal(1024) * np.exp(-np.arange(1024) / rng.uniform(60, 240))
        path = folder / ("few" if i < 4 else "many") / f"{i:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.clip(90 * sound, -1, 1) if i == 40 else sound, 16000)
    shutil.copy(folder / "many" / "41.wav", folder / "many" / "again.wav")
    page.run()
    page.file_uploader[0].upload("mine.zip", zipped(folder), "application/zip").run()
    said = " ".join(item.value for item in page.warning)
    for fault in ("Many has 42 clips and few 4: add clips of few", "Clipped", "1 clip repeats another"):
        assert fault in said
    assert not page.error and "Start" in [item.label for item in page.button]
    soundfile.write(folder / "many" / "still.wav", np.zeros(1024), 16000)
    for path in (folder / "few").iterdir():
        path.unlink()
    page.file_uploader[0].upload("worse.zip", zipped(folder), "application/zip").run()
    assert "silence: many/still.wav" in sentence(page.error)
    assert "Start" not in [item.label for item in page.button]


def test_a_running_one_can_be_paused_and_stopped(page, finished, monkeypatch):
    record = {"pid": os.getpid(), "birth": jobs.birth(os.getpid()), "started": time.time(), "minutes": 30.0}
    (finished / jobs.JOB).write_text(json.dumps(record))
    asked = []
    monkeypatch.setattr(jobs, "pause", lambda folder: asked.append("pause"))
    monkeypatch.setattr(jobs, "stop", lambda folder: asked.append("stop"))
    page.run()
    assert any("30 min left" in item.proto.text for item in page.get("progress"))
    button(page, "Pause").click().run()
    button(page, "Stop").click().run()
    assert asked == ["pause", "stop"] and not page.exception


def test_a_run_that_ends_while_the_page_is_drawn_is_over_on_all_of_it(page, finished, monkeypatch):
    status, states = jobs.status, iter(["running"])
    monkeypatch.setattr(jobs, "status", lambda folder: replace(status(folder), state=next(states, "finished")))
    page.run()
    assert not page.exception
    labels = [item.label for item in page.button]
    assert "Stop" not in labels and "Go on" in labels and not page.get("progress")
    assert any("Finished" in item.value for item in page.markdown)


def looks(page: AppTest) -> dict[str, str]:
    """Of the menus of a run."""
    return {menu.proto.popover.label: menu.proto.popover.type for menu in page.get("popover")}


def test_what_leads_on_is_the_bright_one(page, finished):
    record = {"pid": 1, "birth": "long ago", "started": time.time() - 60, "minutes": 30.0, "arguments": []}
    (finished / jobs.JOB).write_text(json.dumps(record))
    (finished / jobs.ENDED).write_text(json.dumps({"code": 2, "at": time.time()}))
    page.run()
    assert looks(page) == {"Resume": "primary", "Publish": "secondary", "Delete": "secondary"}, "it crashed"
    (finished / jobs.ENDED).write_text(json.dumps({"code": 0, "at": time.time()}))
    assert looks(page.run()) == {"Resume": "secondary", "Publish": "primary", "Delete": "secondary"}, "it is over"
    (finished / jobs.PUBLISHED).write_text(json.dumps({"models": ["tiny"]}))
    assert looks(page.run()) == {"Resume": "secondary", "Publish": "secondary", "Delete": "secondary"}
    (play,) = page.get("page_link")
    assert play.proto.label == "Play Tiny"
