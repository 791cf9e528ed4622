"""Long sounds: joins, peaks, files, and the memory that they take."""

from __future__ import annotations

import resource
import shutil
import weakref
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile

from synth.audio.loudness import true_peak
from synth.errors import AudioError, PatchError
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from synth.sound.stream import crossed, cut, limited, long_sound, resampled, successive, write

RATE = 8000


def noise(patch: Patch, seconds: float = 0.5, level: float = 0.1) -> Sound:
    rng = np.random.default_rng(patch.seed)
    return Sound(level * rng.standard_normal((1, int(seconds * RATE))), RATE, patch)


def noises(count: int, **settings: float) -> Iterator[Sound]:
    return (noise(patch, **settings) for patch in islice(successive(Patch()), count))


def joined(blocks) -> np.ndarray:
    return np.concatenate([block.samples for block in blocks], axis=1)


class Kept:
    """Renders noise, and counts how many sounds were made and how many of them are still held."""

    def __init__(self) -> None:
        self.made = self.held = self.most = 0

    def __call__(self, patch: Patch) -> Sound:
        sound = noise(patch)
        self.made += 1
        self.held += 1
        self.most = max(self.most, self.held)
        weakref.finalize(sound, self._let_go)
        return sound

    def _let_go(self) -> None:
        self.held -= 1


def test_successive_seeds_begin_again_after_the_last() -> None:
    patches = islice(successive(Patch(seed=2**32 - 2, psi=0.5)), 4)
    assert [(p.seed, p.psi) for p in patches] == [(2**32 - 2, 0.5), (2**32 - 1, 0.5), (0, 0.5), (1, 0.5)]


def test_sounds_cross_over_at_equal_power() -> None:
    sounds = [*noises(40, level=0.2)]
    out = joined(crossed(sounds, 0.1))[0]
    step, fade = int(0.4 * RATE), int(0.1 * RATE)
    assert out.size == 39 * step + int(0.5 * RATE)
    np.testing.assert_array_equal(out[step + fade : 2 * step], sounds[1].samples[0, fade:step])
    angle = 0.5 * np.pi * (np.arange(fade) + 0.5) / fade
    expected = np.cos(angle) * sounds[0].samples[0, step:] + np.sin(angle) * sounds[1].samples[0, :fade]
    np.testing.assert_allclose(out[step : step + fade], expected, atol=1e-6)
    crossings = np.stack([out[i * step : i * step + fade] for i in range(1, 40)])
    assert np.sqrt(np.square(crossings).mean()) == pytest.approx(0.2, rel=0.03)


@pytest.mark.parametrize("crossfade", [0.0, 0.25])
def test_the_shortest_and_the_longest_crossing(crossfade: float) -> None:
    sounds = [*noises(3)]
    out = joined(crossed(sounds, crossfade))
    assert out.shape[1] == round((3 * 0.5 - 2 * crossfade) * RATE)
    if not crossfade:
        np.testing.assert_array_equal(out, joined(sounds))


@pytest.mark.parametrize("crossfade", [-0.1, 0.26, float("nan"), float("inf")])
def test_crossings_that_do_not_fit(crossfade: float) -> None:
    with pytest.raises(AudioError, match="0 to half"):
        joined(crossed(noises(2), crossfade))


@pytest.mark.parametrize("other", [Sound(np.ones((2, 4000)), RATE), Sound(np.ones((1, 4000)), 16000)])
def test_sounds_that_do_not_join(other: Sound, tmp_path: Path) -> None:
    first = noise(Patch())
    with pytest.raises(AudioError, match="do not join"):
        joined(crossed([first, other]))
    with pytest.raises(AudioError, match="do not join"):
        write(tmp_path / "x.wav", [first, other])
    assert not [*tmp_path.iterdir()]


def test_peaks_stay_under_the_ceiling_without_a_jump() -> None:
    levels = [0.1, 1.5, 0.1, 0.1, 0.5, 3.0, 0.1]
    tone = np.sin(0.05 * np.arange(4000, dtype=np.float64))
    blocks = [Sound(level * tone[None], RATE) for level in levels]
    out = [*limited(blocks, -1.0)]
    assert all(true_peak(block.samples) <= -1.0 + 1e-3 for block in out)
    np.testing.assert_array_equal(out[3].samples, blocks[3].samples)
    gains = np.concatenate([o.samples[0, 1:] / b.samples[0, 1:] for o, b in zip(out, blocks, strict=True)])
    assert np.abs(np.diff(gains)).max() < 2e-3 and gains.max() <= 1.0 + 1e-6
    assert true_peak(out[5].samples) > -7.0  # not held lower than it must be


def test_what_is_quiet_enough_stays_as_it_is() -> None:
    blocks = [*noises(3, level=0.05)]
    assert [a is b for a, b in zip(limited(blocks), blocks, strict=True)] == [True] * 3


def test_the_end_is_where_it_was_asked_for_and_fades() -> None:
    ones = (Sound(np.ones((1, 1000)), RATE) for _ in range(100))
    out = joined(cut(ones, 0.3, 0.1))[0]
    assert out.size == 2400
    assert (out[:1600] == 1.0).all() and (np.diff(out[1600:]) < 0).all() and out[-1] < 0.01
    assert next(ones).samples.shape == (1, 1000)  # the rest was not asked for


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_lengths_that_cannot_be(seconds: float) -> None:
    with pytest.raises(AudioError, match="choose a length"):
        next(cut(noises(1), seconds))


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    render = Kept()
    seconds = write(tmp_path / "long.wav", long_sound(render, successive(Patch()), 120.0, 0.1))
    assert seconds == 120.0
    assert render.made >= 300
    assert render.most <= 4  # the one that is made, the one before it and one at each step
    assert render.held == 0


def test_nothing_is_made_before_it_is_due() -> None:
    render = Kept()
    blocks = long_sound(render, successive(Patch()), 3600.0)
    assert render.made == 0
    for taken, _ in enumerate(islice(blocks, 10), start=1):
        assert render.made <= taken + 2


@pytest.mark.parametrize(("suffix", "subtype"), [("wav", None), ("wav", "FLOAT"), ("flac", "PCM_24")])
def test_a_file_holds_the_blocks_in_order(tmp_path: Path, suffix: str, subtype: str | None) -> None:
    path = tmp_path / f"long.{suffix}"
    blocks = [*noises(5)]
    assert write(path, blocks, subtype) == 2.5
    assert soundfile.info(path).subtype == (subtype or "PCM_16")
    np.testing.assert_allclose(Sound.load(path).samples, joined(blocks), atol=1.0 / 2**15)
    assert [*tmp_path.iterdir()] == [path]


def test_a_stream_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    write(path, noises(1))
    before = path.read_bytes()

    def broken() -> Iterator[Sound]:
        yield from noises(3)
        raise PatchError("category", "is unknown")

    with pytest.raises(PatchError):
        write(path, broken())
    assert path.read_bytes() == before and [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(
    ("name", "subtype", "words"),
    [
        ("a.ogg", None, "wav or flac"),
        ("a", None, "wav or flac"),
        ("a.flac", "FLOAT", "no subtype"),
        ("missing/a.wav", None, "Cannot write"),
    ],
)
def test_files_that_cannot_be_written(tmp_path: Path, name: str, subtype: str | None, words: str) -> None:
    with pytest.raises(AudioError, match=words):
        write(tmp_path / name, noises(1), subtype)
    assert not [*tmp_path.iterdir()]


def test_no_sound_at_all(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no sound"):
        write(tmp_path / "a.wav", long_sound(noise, [], 1.0))
    assert not [*tmp_path.iterdir()]


def test_more_than_a_wav_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synth.sound.stream.LARGEST_WAV", 20_000)
    with pytest.raises(AudioError, match="flac"):
        write(tmp_path / "a.wav", noises(5))
    assert not [*tmp_path.iterdir()]
    assert write(tmp_path / "a.flac", noises(5)) == 2.5


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: soundfile.SoundFile, data: np.ndarray) -> None:
        raise AssertionError

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    with pytest.raises(AudioError, match="free some space"):
        write(tmp_path / "a.wav", noises(2))
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.97, 0.999])
def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path, name: str, share: float) -> None:
    """The system's own limit on the size of files stands in for the disk; what is lost on closing counts as well."""
    whole = tmp_path / name
    write(whole, noises(6))
    size = whole.stat().st_size
    before = whole.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(share * size), hard))
    try:
        with pytest.raises(AudioError, match="free some space"):
            write(whole, noises(6))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert whole.read_bytes() == before and [*tmp_path.iterdir()] == [whole]


def test_ten_minutes_on_a_small_disk_are_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=50_000_000))
    render = Kept()
    blocks = (Sound(np.ones((2, 9600)), 96000) for _ in range(10) if render(Patch()))
    with pytest.raises(AudioError, match=r"would take 230 MB and 50 MB are free; free some space"):
        write(tmp_path / "a.wav", blocks, seconds=600.0)
    assert render.made == 1 and not [*tmp_path.iterdir()]
    with pytest.raises(AudioError, match="flac"):
        write(tmp_path / "a.wav", (noise(Patch()) for _ in range(2)), "FLOAT", seconds=1e6)
    assert write(tmp_path / "a.wav", noises(2), seconds=1.0) == 1.0


@pytest.mark.parametrize("rate", [16000, 44100, 96000])
def test_blocks_at_another_rate_are_those_of_the_whole(rate: int) -> None:
    blocks = [*noises(5)]
    out = joined(resampled(iter(blocks), rate))
    expected = Sound(joined(blocks), RATE).resampled(rate).samples
    assert abs(out.shape[1] - expected.shape[1]) <= 1
    n = min(out.shape[1], expected.shape[1])
    np.testing.assert_allclose(out[:, :n], expected[:, :n], atol=1e-5)
    assert [*resampled(iter(blocks), RATE)] == blocks
