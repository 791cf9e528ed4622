"""Kits as files, read and played by others: SFZ by sfzlint, DecentSampler by its reference, WAVs by wavinfo."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from wavinfo import WavInfoReader

from synth.choices import KIT_FORMATS
from synth.errors import DataError, KitError, PatchError
from synth.instruments.instrument import Instrument
from synth.instruments.loading import load
from synth.kits.export import files, write_kit
from synth.kits.kit import Kit, Pad
from synth.kits.zones import Zone, stem, zones
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from tests.harness.samplers import Sampler, read_dspreset, read_sfz

HIT = Patch(model="tiny", category="hit", seed=3)
LOOP = replace(HIT, category="scrape", loop=True, length=0.6)
KIT = Kit(
    (
        Pad(HIT, 36, choke=2),
        Pad(replace(HIT, seed=4), 60, "Bell & 'co'", keys=(58, 63), every=2, choke=2),
        Pad(LOOP, 40, "Air", keys=(38, 41)),
        Pad(HIT, 127, "Top = last"),
    ),
    "Metal & wood",
    velocities=3,
    round_robins=2,
)


@pytest.fixture(scope="module")
def source(published: Path) -> Callable[[str], Instrument]:
    return lru_cache(lambda model: load(published / model, "cpu"))


@pytest.fixture(scope="module")
def written(source: Callable[[str], Instrument], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """KIT in every format."""
    root = tmp_path_factory.mktemp("kits")
    for format in KIT_FORMATS:
        names = write_kit(KIT, source, format, root / format)
        assert sorted(names) == sorted(p.relative_to(root / format).as_posix() for p in (root / format).rglob("*.*"))
    return {format: root / format for format in KIT_FORMATS}


def sampler(written: dict[str, Path], format: str) -> Sampler:
    if format == "sfz":
        return read_sfz(written["sfz"] / "metal_wood.sfz")
    return read_dspreset(written["decentsampler"] / "metal_wood.dspreset")


@pytest.mark.parametrize("format", ["sfz", "decentsampler"])
def test_each_key_and_velocity_plays_its_file_and_every_file_is_reached(written: dict[str, Path], format: str) -> None:
    played = sampler(written, format)
    expected: dict[tuple[int, int], list[Zone]] = {}
    for zone in zones(KIT):
        for key in range(zone.low, zone.high + 1):
            for velocity in range(zone.soft, zone.loud + 1):
                expected.setdefault((key, velocity), []).append(zone)
    reached: Counter[str] = Counter()
    for key in range(128):
        for velocity in range(1, 128):
            turns = expected.get((key, velocity), [])
            for zone in sorted(turns, key=lambda zone: zone.robin):
                (region,) = played.strike(key, velocity)
                assert (region.file, region.root) == (f"samples/{stem(KIT, zone)}.wav", zone.root)
                reached[region.file] += 1
            if not turns:
                assert played.strike(key, velocity) == []
    there = {p.relative_to(written[format]).as_posix() for p in (written[format] / "samples").iterdir()}
    assert reached.keys() == there and len(there) == len(zones(KIT)) == (1 + 3 + 1 + 1) * 6


@pytest.mark.parametrize("format", ["sfz", "decentsampler"])
def test_turns_come_one_after_the_other(written: dict[str, Path], format: str) -> None:
    played = sampler(written, format)
    struck = [played.strike(36, 100)[0].file for _ in range(4)]
    assert struck == ["samples/036_tiny_hit_s3_v3_r1.wav", "samples/036_tiny_hit_s3_v3_r2.wav"] * 2


@pytest.mark.parametrize("format", ["sfz", "decentsampler"])
def test_pads_choke_ring_out_and_loop_as_the_kit_says(written: dict[str, Path], format: str) -> None:
    for region in sampler(written, format).regions:
        sound = Sound.load(written[format] / region.file)
        choked, looped = region.keys.start in (36, *range(58, 64)), region.keys.start in range(38, 42)
        assert region.choke == ("2" if choked else None)
        assert region.held == looped and not region.follows
        assert region.loop == ((sound.loop[0], sound.loop[1] - 1) if sound.loop else None)
        assert (region.loop is not None) == looped


def test_one_layer_leaves_the_velocity_to_the_sampler(source: Callable[[str], Instrument], tmp_path: Path) -> None:
    kit = Kit((Pad(HIT, 36),), "One")
    write_kit(kit, source, "sfz", tmp_path / "a")
    write_kit(kit, source, "decentsampler", tmp_path / "b")
    for played in (read_sfz(tmp_path / "a/one.sfz"), read_dspreset(tmp_path / "b/one.dspreset")):
        assert [region.follows for region in played.strike(36, 1)] == [True]
        assert played.strike(36, 127)[0].file == "samples/036_tiny_hit_s3.wav"


def test_files_are_24_bit_with_their_root_key_and_loop(written: dict[str, Path]) -> None:
    for zone in zones(KIT):
        path = written["sfz"] / "samples" / f"{stem(KIT, zone)}.wav"
        info = soundfile.info(path)
        assert (info.samplerate, info.subtype) == (44100, "PCM_24")
        read = WavInfoReader(str(path)).smpl
        assert read.midi_note == zone.root
        loop = Sound.load(path).loop
        assert [(part.start, part.end) for part in read.sample_loops] == ([(loop[0], loop[1] - 1)] if loop else [])
        patch = Sound.load(path).patch
        assert patch is not None and patch.pitch == zone.root - KIT.pads[zone.pad].note


def test_one_shots_begin_2_ms_before_their_onset_and_end_60_db_down(written: dict[str, Path]) -> None:
    for path in written["sfz"].glob("samples/036_*_r1.wav"):
        samples, rate = soundfile.read(path)
        loud = np.abs(samples) > 0.01 * np.abs(samples).max()
        assert int(np.argmax(loud)) <= 0.0035 * rate  # 2 ms, and the millisecond that is the onset's
        assert abs(samples[-1]) < 0.001 * np.abs(samples).max()


def test_folders_have_a_pad_each(written: dict[str, Path]) -> None:
    folders = sorted(path.name for path in written["folder"].iterdir())
    assert folders == ["01_tiny_hit_s3", "02_bell_co", "03_air", "04_top_last"]
    assert len(list((written["folder"] / "02_bell_co").iterdir())) == 18


def test_a_library_is_a_zip_of_the_preset_and_its_samples(written: dict[str, Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(written["dslibrary"] / "metal_wood.dslibrary") as library:
        assert library.testzip() is None
        library.extractall(tmp_path)
    for path in written["decentsampler"].rglob("*.*"):
        assert (tmp_path / path.relative_to(written["decentsampler"])).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("format", KIT_FORMATS)
def test_a_kit_has_the_same_bytes_each_time(
    written: dict[str, Path], published: Path, tmp_path: Path, format: str
) -> None:
    again = load(published / "tiny", "cpu")
    write_kit(KIT, lambda _: again, format, tmp_path / "again")
    for path in written[format].rglob("*.*"):
        assert (tmp_path / "again" / path.relative_to(written[format])).read_bytes() == path.read_bytes()


def test_a_folder_in_use_is_refused_and_left_as_it_is(source: Callable[[str], Instrument], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="is already in use: name a folder that is new or empty"):
        write_kit(KIT, source, "sfz", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_left_of_a_kit_that_fails(source: Callable[[str], Instrument], tmp_path: Path) -> None:
    kit = replace(KIT, pads=(*KIT.pads, Pad(replace(HIT, category="none"), 20)))
    with pytest.raises(PatchError, match="category"):
        write_kit(kit, source, "sfz", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_there_is_not_is_refused(source: Callable[[str], Instrument]) -> None:
    with pytest.raises(KitError, match="there is no format exs: use sfz, decentsampler, dslibrary, folder"):
        next(files(KIT, source, "exs"))
