"""What other programs read in our WAVs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from wavinfo import WavInfoReader

from synth.patch.patch import Patch
from synth.sound.broadcast import Told, described
from synth.sound.containers import chunks
from synth.sound.sound import Sound

TOLD = Told("Dull knöck", "WOODImpt", "WOOD", "IMPACT", "SONO", "HITS", "oak <& door>, é\0", 1_700_000_000.0)
PATCH = Patch("hits_scratches", "wood_hit", 3)


def wav(told: Told = TOLD) -> bytes:
    samples = np.sin(np.arange(4801) / 20).astype(np.float32)[None]
    return described(Sound(samples, 48000, PATCH, (100, 4000)).to_bytes("wav", "PCM_24"), told)


def test_bext_and_ixml_are_read_by_another_reader(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(wav())
    info = WavInfoReader(str(path))
    assert info.bext.description.rstrip("\0") == "Dull kn?ck - oak <& door>, ?"
    assert info.bext.originator.rstrip("\0") == "Sonoform"
    assert (info.bext.originator_date, info.bext.originator_time) == ("2023-11-14", "22:13:20")
    assert info.bext.version == 1 and info.bext.time_reference == 0
    told = {element.tag: element.text for element in info.ixml.parsed.iter()}
    assert told["catId"] == "WOODImpt" and told["subCategory"] == "IMPACT" and told["fxName"] == "Dull knöck"
    assert told["NOTE"] == "oak <& door>, é" and told["sourceId"] == "HITS"


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="no ffprobe is installed: apt-get install ffmpeg")
def test_ffprobe_reads_them_and_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(wav())
    command = ["ffprobe", "-v", "error", "-print_format", "json", "-show_format", "-show_streams", str(path)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found["format"]["tags"]["encoded_by"] == "Sonoform" and found["format"]["tags"]["date"] == "2023-11-14"
    assert found["streams"][0]["duration_ts"] == 4801 and found["streams"][0]["sample_rate"] == "48000"


def test_samples_patch_and_loop_stay_and_nothing_is_there_twice() -> None:
    once, twice = wav(), described(wav(), TOLD)
    assert once == twice and [name for name, _ in chunks(twice)].count(b"bext") == 1
    sound = Sound.load(once)
    assert sound.patch == PATCH and sound.loop == (100, 4000) and sound.samples.shape == (1, 4801)
    assert Sound.load(wav(Told("x" * 999, "A", "", "", "", "", "y" * 9999))).patch == PATCH
