"""The library keeps what it is given, finds it again, and outlives kills, neighbours and damage."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from synth.errors import LibraryError
from synth.library.finding import Wanted
from synth.library.library import BENT_WITHIN, GONE_AFTER, HISTORY, Library
from synth.library.renaming import renamed
from synth.patch.patch import Patch
from tests.harness.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
KNOCK = Patch("hits_scratches", "wood_hit", 3, sliders={"Brightness": -2.0}, length=0.3)
CLANG = Patch("hits_scratches", "metal_hit", 4, sliders={"Brightness": 2.0, "Rate": 1.5})
RAIN = Patch("environmental", "rain", 5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "sounds.sqlite"


@pytest.fixture
def library(path: Path) -> Library:
    return Library(path)


def names(library: Library, words: str = "", **asked) -> list[str]:
    return [entry.name for entry in library.find(Wanted(words, **asked))]


def test_what_is_kept_is_there_after_the_process(library, path):
    kept = library.keep(KNOCK, "Door", tags="dark, door", stars=4, notes="For the cellar")
    assert kept.patch == KNOCK and kept.ucs == "WOODImpt" and kept.is_kept
    again = library.keep(KNOCK)
    assert again == kept
    library.database.close()
    (there,) = Library(path).find(Wanted())
    assert there == kept and there.tags == ("dark", "door") and there.stars == 4


def test_a_matched_sound_takes_less_than_a_byte_a_number(library):
    latent = tuple(np.random.default_rng(0).standard_normal(14 * 512).astype(np.float32).tolist())
    kept = library.keep(Patch("hits_scratches", "wood_hit", latent=latent))
    assert len(kept.query) < len(latent)
    assert kept.patch == Patch("hits_scratches", "wood_hit", latent=latent).linked()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("short dull wooden knock", ["Wood hit 3, Brightness -2"]),
        ("WOOD", ["Wood hit 3, Brightness -2"]),
        ("bright fast metallic", ["Metal hit 4, Brightness +2, Rate +1.5"]),
        ("woodimpt", ["Wood hit 3, Brightness -2"]),
        ("cafe", ["Rain on a café"]),
        ("drizz", ["Rain on a café"]),
        ("umbrella", ["Rain on a café"]),
        ("long dull clang", ["Metal hit 4, Brightness +2, Rate +1.5", "Wood hit 3, Brightness -2"]),  # any of them
        ("trumpet", []),
        ('"* OR ) NEAR(', []),
        ("", ["Rain on a café", "Metal hit 4, Brightness +2, Rate +1.5", "Wood hit 3, Brightness -2"]),
    ],
)
def test_words_find_names_tags_categories_and_what_sliders_say(library, words, found):
    library.keep(KNOCK)
    library.keep(CLANG)
    library.keep(RAIN, "Rain on a café", tags="umbrella")
    assert names(library, words) == found
    assert library.count(Wanted(words)) == len(found)


def test_a_word_that_was_changed_is_found_and_its_old_one_is_not(library):
    kept = library.keep(KNOCK, "Gate")
    library.change(kept.id, name="Portal", notes="heavy oak")
    assert names(library, "gate") == [] and names(library, "portal oak") == ["Portal"]


def test_sliders_stars_and_order(library):
    for number, (patch, stars) in enumerate([(KNOCK, 1), (CLANG, 5), (RAIN, 3)]):
        library.keep(patch, "abc"[number], stars=stars, kept=100.0 + number)
    assert names(library, slider="Brightness", low=1.0, high=5.0) == ["b"]
    assert names(library, slider="Brightness", low=-5.0, high=0.5) == ["c", "a"]  # never moved: at 0
    assert names(library, stars=3) == ["c", "b"]
    assert names(library, sort="stars") == ["b", "c", "a"] and names(library, sort="oldest") == ["a", "b", "c"]
    assert names(library, sort="name") == ["a", "b", "c"] and names(library, sort="category") == ["b", "c", "a"]
    assert [entry.name for entry in library.find(Wanted(), 1, 1)] == ["b"]
    assert library.sliders() == ["Brightness", "Rate"]
    with pytest.raises(LibraryError, match="sort is one of"):
        Wanted(sort="loudness")


def test_the_last_sounds_are_a_hundred_and_kept_ones_stay(library):
    first = library.keep(Patch(seed=0))
    for seed in range(HISTORY + 5):
        library.hear(Patch(seed=seed))
    library.hear(Patch(seed=50))
    heard = [entry.patch.seed for entry in library.find(Wanted(scope="heard"))]
    assert heard == [50, *(seed for seed in range(HISTORY + 4, 4, -1) if seed != 50)]
    assert library.of_patch(Patch(seed=1)) is None and library.of_patch(Patch(seed=0)) is not None
    assert [entry.id for entry in library.find(Wanted())] == [first.id]


def test_a_sound_that_is_bent_is_one_of_the_last_ones(library, monkeypatch):
    """As it was last, unless it was left alone for a while; what is kept stays kept."""
    first, bent, further = (Patch(seed=3, sliders={"Brightness": x}) for x in (0.0, 1.0, 2.0))
    library.keep(bent)
    for patch in (first, Patch(seed=4), bent, further):
        library.hear(patch)
    heard = [entry.patch for entry in library.find(Wanted(scope="heard"))]
    assert heard == [further, Patch(seed=4)] and [e.patch for e in library.find(Wanted())] == [bent]
    later = time.time() + BENT_WITHIN + 1.0
    monkeypatch.setattr("synth.library.library.time.time", lambda: later)
    library.hear(first)
    assert [e.patch for e in library.find(Wanted(scope="heard"))] == [first, further, Patch(seed=4)]


def test_delete_comes_back_and_in_the_end_does_not(library, monkeypatch):
    ids = [library.keep(Patch(seed=seed)).id for seed in range(3)]
    library.delete(ids[:2])
    assert library.count(Wanted()) == 1 and library.count(Wanted(scope="deleted")) == 2
    library.restore(ids[:1])
    assert [entry.id for entry in library.find(Wanted(sort="oldest"))] == [ids[0], ids[2]]
    assert library.keep(Patch(seed=1)).is_kept
    library.delete([ids[1]])
    monkeypatch.setattr("synth.library.library.time.time", lambda: 4e9 + GONE_AFTER)
    library.delete([ids[2]])
    assert [entry.id for entry in library.find(Wanted(scope="deleted"))] == [ids[2]]


def test_many_are_renamed_by_a_pattern(library):
    entries = [library.keep(patch) for patch in (KNOCK, CLANG)]
    library.rename(renamed(entries, "Hit ## {category} s{seed}"))
    assert names(library, sort="name") == ["Hit 01 wood hit s3", "Hit 02 metal hit s4"]
    with pytest.raises(LibraryError, match=r"no \{colour\}"):
        renamed(entries, "{colour}")
    with pytest.raises(LibraryError, match="1 to 120 characters"):
        renamed(entries, "  ")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"stars": 6}, "0..5"),
        ({"name": "x" * 121}, "characters"),
        ({"tags": "x" * 41}, "tags"),
        ({"notes": "x" * 4001}, "shorten"),
        ({"ucs": "../x"}, "CatID"),
        ({"colour": "red"}, "no colour"),
    ],
)
def test_what_cannot_be_said_changes_nothing(library, said, told):
    kept = library.keep(KNOCK, "Door")
    with pytest.raises(LibraryError, match=told):
        library.change(kept.id, **said)
    assert library.entries([kept.id]) == [kept]
    library.delete([kept.id])
    with pytest.raises(LibraryError, match="not in the library any more"):
        library.change(kept.id + 1, name="x")


# -- likeness ------------------------------------------------------------------------------------------------------


def unit(*numbers: float) -> np.ndarray:
    vector = np.array(numbers, np.float32)
    return vector / np.linalg.norm(vector)


def alike(library: Library, direction: np.ndarray, wanted: Wanted | None = None, limit: int = 10) -> list[str]:
    return [entry.name for entry, _ in library.alike(direction, wanted or Wanted(), limit)]


def test_the_most_alike_come_first_also_what_another_process_adds(library, path):
    first, second, third = (library.keep(Patch(seed=seed), "abc"[seed]) for seed in range(3))
    assert [entry.name for entry in library.unheard(2)] == ["c", "b"]
    library.listened({first.id: unit(1, 0, 0), second.id: unit(1, 1, 0)})
    assert [entry.name for entry in library.unheard(9)] == ["c"]
    assert alike(library, unit(1, 0.1, 0)) == ["a", "b"] and alike(library, unit(0, 1, 0), limit=1) == ["b"]
    ((_, cosine), _) = library.alike(unit(1, 0, 0), Wanted(), 9)
    assert cosine == pytest.approx(1.0, abs=1e-3)
    Library(path).listened({third.id: unit(0, 0.2, 1), first.id: unit(0, 0, 1)})  # and the first one anew
    assert alike(library, unit(0, 0, 1)) == ["a", "c", "b"]
    library.delete([first.id])
    assert alike(library, unit(0, 0, 1)) == ["c", "b"]
    assert alike(library, unit(0, 0, 1), Wanted(scope="deleted")) == ["a"]
    assert alike(library, unit(0, 0, 1), Wanted("b")) == ["b"]


def test_of_many_that_are_alike_those_that_are_wanted_are_found(library):
    entries = [library.keep(Patch(seed=seed), f"sound {seed}") for seed in range(1200)]
    library.listened({entry.id: unit(1, entry.patch.seed / 1200) for entry in entries})
    library.change(entries[1100].id, stars=5)
    assert alike(library, unit(1, 0), Wanted(stars=5)) == ["sound 1100"]
    assert alike(library, unit(1, 0), limit=2) == ["sound 0", "sound 1"]


def test_the_ear_tells_kinds_of_sounds_apart_and_hears_no_loudness():
    from synth.library.ear import direction
    from synth.sound.sound import Sound

    rng, time = np.random.default_rng(0), np.arange(16000) / 16000
    click = rng.standard_normal(16000) * np.exp(-time * 80)
    other = rng.standard_normal(16000) * np.exp(-time * 60)
    tone = np.sin(2 * np.pi * 440 * time)
    heard = [direction(Sound(samples.astype(np.float32), 16000)) for samples in (click, other, tone, 0.01 * click)]
    assert all(np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5) for vector in heard)
    assert heard[0] @ heard[1] > heard[0] @ heard[2] + 0.05
    assert heard[0] @ heard[3] == pytest.approx(1.0, abs=1e-4)


# -- several, kills, damage ----------------------------------------------------------------------------------------

WRITER = """
import sys
import time
from synth.library.library import Library
from synth.patch.patch import Patch
library, first = Library(sys.argv[1]), int(sys.argv[2])
for seed in range(first, first + int(sys.argv[3])):
    library.keep(Patch(seed=seed))
    print(seed, flush=True)
"""


def writer(path: Path, first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_two_processes_and_two_threads_write_at_once_and_nothing_is_lost(library, path):
    writers = [writer(path, 1000 * number, 150) for number in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda seed: library.keep(Patch(seed=seed)), range(5000, 5100)))
    assert [process.wait(PATIENCE) for process in writers] == [0, 0]
    seeds = {entry.patch.seed for entry in library.find(Wanted())}
    assert seeds == {*range(150), *range(1000, 1150), *range(5000, 5100)}
    library.database.check()


@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_kill_loses_the_last_action_at_most(path, after):
    process = writer(path, 0, 100_000)
    told = [int(process.stdout.readline()) for _ in range(after)]
    os.kill(process.pid, signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split("\n") if line.strip()]
    process.wait(PATIENCE)
    library = Library(path)
    library.database.check()
    seeds = {entry.patch.seed for entry in library.find(Wanted())}
    assert set(told) <= seeds and len(seeds) <= len(told) + 1
    assert {entry.patch.seed for entry in library.find(Wanted("hits"))} == seeds


def damaged(path: Path, library: Library, spoil) -> str:
    """Spoils the file; what the next one who asks is told."""
    library.database.close()
    data = bytearray(path.read_bytes())
    path.write_bytes(spoil(data))
    with pytest.raises(LibraryError) as raised:
        library.database.check()
    return str(raised.value)


def test_a_file_that_is_no_library_any_more_is_set_aside_and_the_app_goes_on(library, path):
    library.keep(KNOCK)
    told = damaged(path, library, lambda data: b"\x00" * len(data))
    assert str(path) in told and told.count(".damaged-") == 1 and "0 sounds" in told
    (backup,) = path.parent.glob("*.damaged-*")
    assert backup.read_bytes().strip(b"\x00") == b""
    assert names(library) == [] and library.keep(KNOCK).is_kept


def test_what_can_be_read_of_a_damaged_file_is_saved(library, path):
    for seed in range(400):
        library.keep(Patch(seed=seed, sliders={"Rate": 1.0}), f"Sound {seed}", tags="dry")
    with sqlite3.connect(path) as raw:
        (page,) = raw.execute("PRAGMA page_size").fetchone()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()

    def spoil(data: bytearray) -> bytearray:
        """A hole in the middle of the rows."""
        at = data.index(b"Sound 200") // page * page
        data[at : at + page] = b"\xff" * page
        return data

    told = damaged(path, library, spoil)
    saved = library.find(Wanted())
    assert 300 < len(saved) < 400 and f"{len(saved)} sounds" in told
    assert all(entry.tags == ("dry",) and entry.name == f"Sound {entry.patch.seed}" for entry in saved)
    assert library.count(Wanted("dry", slider="Rate", low=0.5)) == len(saved)


def test_a_library_of_a_newer_version_and_another_programs_file_are_left_alone(library, path):
    library.keep(KNOCK)
    library.database.close()
    for pragma, told in (("user_version = 99", "newer version"), ("application_id = 7", "no library of sounds")):
        with sqlite3.connect(path) as raw:
            raw.execute(f"PRAGMA {pragma}")
        raw.close()
        before = path.read_bytes()
        with pytest.raises(LibraryError, match=told):
            library.keep(CLANG)
        assert path.read_bytes() == before and not list(path.parent.glob("*.damaged-*"))
        assert library.database.path == path


@pytest.mark.parametrize(
    ("pragma", "told"), [("query_only = ON", "cannot be written: allow it"), ("max_page_count = 1", "free some space")]
)
def test_what_cannot_be_written_is_told_and_the_rest_can_be_read(library, pragma, told):
    library.keep(KNOCK)
    with library.database.reading() as connection:
        connection.execute(f"PRAGMA {pragma}")
    with pytest.raises(LibraryError, match=told):
        fill(library)
    assert KNOCK in [entry.patch for entry in library.find(Wanted())]


def fill(library: Library) -> None:
    for seed in range(1000):
        library.keep(Patch(seed=seed), notes="x" * 4000)


def test_a_folder_in_its_place_is_told(tmp_path):
    with pytest.raises(LibraryError, match="SONOFORM_LIBRARY"):
        Library(tmp_path).find(Wanted())


def test_a_file_that_goes_is_begun_anew(library, path):
    library.keep(KNOCK)
    for file in path.parent.iterdir():
        file.unlink()
    assert library.find(Wanted()) == []
    assert library.keep(CLANG).is_kept
