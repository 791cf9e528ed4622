"""Logs for TensorBoard, read back byte by byte."""

from __future__ import annotations

import io
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
import soundfile
from PIL import Image
from tensorboardX.proto.event_pb2 import Event, SessionLog

from synth.runs.records import Records, crc32c
from synth.runs.tensorboard import Events
from synth.storage import read_lines


def slow_crc32c(data: bytes) -> int:
    """The checksum bit by bit, as its definition has it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def records(data: bytes) -> list[bytes]:
    """The records of a file, every checksum checked."""

    def checked(part: bytes, mask: int) -> bytes:
        crc = slow_crc32c(part)
        assert mask == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        return part

    found, at = [], 0
    while at < len(data):
        length, mask = struct.unpack_from("<QI", data, at)
        checked(data[at : at + 8], mask)
        (mask,) = struct.unpack_from("<I", data, at + 12 + length)
        found.append(checked(data[at + 12 : at + 12 + length], mask))
        at += 16 + length
    return found


def events(run: Path) -> list[list[Any]]:
    """The events of every file, in the order in which they are read."""
    files = sorted((run / "tensorboard").iterdir())
    assert all(file.name.startswith("events.out.tfevents.") for file in files)
    return [[Event.FromString(record) for record in records(file.read_bytes())] for file in files]


def scalars(of: list[Any]) -> list[tuple[int, str, float]]:
    found = [(event.step, value) for event in of for value in event.summary.value]
    return [(step, v.tag, v.simple_value) for step, v in found if v.WhichOneof("value") == "simple_value"]


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    """A run that has not been logged yet."""
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copytree(tiny_run / "samples", folder / "samples")
    shutil.copy(tiny_run / "config.json", folder)
    return folder


@pytest.mark.parametrize(
    ("data", "crc"),
    [(b"123456789", 0xE3069283), (b"", 0), (b"\0" * 32, 0x8A9136AA), (bytes(range(32)), 0x46DD794E)],
)
def test_checksums_are_those_of_the_standard(data, crc):
    """The last three are from RFC 3720, B.4."""
    assert crc32c(data) == slow_crc32c(data) == crc


def test_records_are_on_disk_at_once_and_no_file_is_replaced(tmp_path):
    file = Records(tmp_path / "a")
    for data in (b"", b"abc", bytes(range(256)) * 9):
        file.add(data)
    assert records((tmp_path / "a").read_bytes()) == [b"", b"abc", bytes(range(256)) * 9]
    file.close()
    with pytest.raises(FileExistsError):
        Records(tmp_path / "a")


def test_every_figure_of_a_run_is_a_scalar(run, tiny_run):
    lines = read_lines(tiny_run / "metrics.jsonl")
    log = Events(run)
    assert not (run / "tensorboard").exists(), "nothing is made before the first line"
    for line in lines:
        log.line(line)
    (found,) = events(run)
    assert found[0].file_version == "brain.Event:2"
    assert found[1].session_log.status == SessionLog.START and found[1].step == lines[0]["seen"]
    assert [event.wall_time for event in found] == sorted(event.wall_time for event in found)
    read = scalars(found)
    tags = {tag for _, tag, _ in read}
    assert {"losses/frechet", "losses/category", "losses/l1", "scores/fad"} <= tags
    assert {"course/images_per_second", "course/wall_minutes"} <= tags and not any("seen" in tag for tag in tags)
    for key, tag in {"generator": "losses/generator", "fad": "scores/fad"}.items():
        expected = [(line["seen"], pytest.approx(line[key], rel=1e-6)) for line in lines if key in line]
        assert [(step, value) for step, name, value in read if name == tag] == expected


def test_a_snapshot_is_a_picture_and_sounds(run):
    log = Events(run)
    log.samples(3080)
    (found,) = events(run)
    values = {value.tag: value for event in found for value in event.summary.value}
    settings = values["settings/text_summary"].tensor.string_val[0].decode()
    assert json.loads(settings)["config"]["preset"] == "tiny"
    with Image.open(io.BytesIO(values["samples/grid"].image.encoded_image_string)) as picture:
        assert picture.size == (values["samples/grid"].image.width, values["samples/grid"].image.height)
    for i, name in enumerate(("hit", "scrape")):
        heard, rate = soundfile.read(io.BytesIO(values[f"samples/{name}"].audio.encoded_audio_string))
        written, _ = soundfile.read(run / "samples" / f"kimg-000003-{i:02d}.wav")
        assert rate == 16000 and heard == pytest.approx(written, abs=1e-4)


def test_without_a_new_snapshot_nothing_is_written(run):
    Events(run).samples(5000)
    assert not (run / "tensorboard").exists()


def test_a_resumed_run_takes_back_what_it_will_do_again(run):
    for session in ((10, 20, 30), (21, 31)):
        log = Events(run)
        for seen in session:
            log.line({"seen": seen, "images_per_second": 1.0, "generator": float(seen)})
    first, second = events(run)
    assert len(scalars(first)) == 6 and [step for step, tag, _ in scalars(second) if tag[:6] == "losses"] == [21, 31]
    assert second[1].session_log.status == SessionLog.START and second[1].step == 21


def test_going_back_to_an_earlier_state_does_too(run):
    log = Events(run)
    for seen in (10, 20, 15):
        log.line({"seen": seen, "images_per_second": 1.0})
    assert [of[1].step for of in events(run)] == [10, 15]


def test_a_run_that_began_without_logs_gets_its_figures_so_far(run):
    lines = [{"seen": seen, "images_per_second": 1.0, "generator": 0.1} for seen in (10, 20, 30)]
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    Events(run).line(lines[-1])  # the trainer has written it already
    (found,) = events(run)
    assert [step for step, tag, _ in scalars(found) if tag == "losses/generator"] == [10, 20, 30]
