"""Sounds of any length, block by block: the memory that they take does not grow with their length.

Sounds of successive patches cross over into each other; a limiter holds peaks under the ceiling by a gain that moves
slowly, one block ahead; a writer puts block after block into a file. Each step is a generator of `Sound` blocks that
asks the one before it for what it needs, so nothing is made before it is due:

    stream = long_sound(instrument.render, successive(patch), seconds=600)
    write("ten_minutes.wav", stream)
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

import numpy as np
import soundfile
import soxr

from synth.audio.loudness import true_peak
from synth.choices import CEILING_DBTP, SUBTYPES
from synth.errors import AudioError
from synth.patch.patch import Patch
from synth.sound.formats import check_export_rate, sound_file
from synth.sound.sound import Sound

CROSSFADE = 0.1  # s
FORMATS = ("wav", "flac")
LARGEST_WAV = (1 << 32) - 4096  # bytes: the sizes in its header have 32 bits
_BYTES = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
_SEEDS = 1 << 32
_SYSTEM_ERROR = 2  # SF_ERR_SYSTEM of libsndfile
_LAST = 4096  # frames that are read again


def successive(patch: Patch) -> Iterator[Patch]:
    """The patch with its own seed, the next one, and so on without end; after the last seed comes 0."""
    return (replace(patch, seed=(patch.seed + i) % _SEEDS) for i in count())


def long_sound(
    render: Callable[[Patch], Sound], patches: Iterable[Patch], seconds: float, crossfade: float = CROSSFADE
) -> Iterator[Sound]:
    """Blocks of a sound of so many seconds, or of as many as the patches make; raises as `crossed` and `cut` do."""
    return cut(limited(crossed(map(render, patches), crossfade)), seconds, crossfade)


def crossed(sounds: Iterable[Sound], crossfade: float = CROSSFADE) -> Iterator[Sound]:
    """Each sound crosses over into the next within so many seconds, at equal power: cosine and sine of one angle.

    The level stays where the sounds differ, as sounds of two seeds do; what is the same in both would swell by up to
    3 dB. Of a blow that begins at once the crossing softens the attack: 0 s puts the sounds end to end. Raises
    AudioError for sounds of different rates or channels, and for a crossing longer than half of one of them.
    """
    last: Sound | None = None
    for sound in sounds:
        fade = _fade_length(sound, crossfade)
        if last is None:
            last = sound
            continue
        _check_alike(last, sound)
        body, tail = np.split(last.samples, [last.samples.shape[1] - fade], axis=1)
        yield replace(last, samples=body)
        last = replace(sound, samples=_begin_under(tail, sound.samples, fade))
    if last is not None:
        yield last


def limited(blocks: Iterable[Sound], ceiling_dbtp: float = CEILING_DBTP) -> Iterator[Sound]:
    """Blocks whose true peaks stay under a ceiling. Where none is over it, samples stay as they are.

    Every block allows a gain, 1 at most. Between blocks stands the smaller of the two that they allow, and within one
    the gain moves evenly between its ends: it never jumps and never lifts a peak over the ceiling.
    """
    ceiling = 10.0 ** (ceiling_dbtp / 20.0)
    last: Sound | None = None
    begin = allowed = 1.0
    for block in blocks:
        room = min(1.0, ceiling / max(10.0 ** (true_peak(block.samples) / 20.0), 1e-9))
        if last is None:
            begin = room
        else:
            end = min(allowed, room)
            yield _with_gain(last, begin, end)
            begin = end
        last, allowed = block, room
    if last is not None:
        yield _with_gain(last, begin, allowed)


def cut(blocks: Iterable[Sound], seconds: float, fade: float = 0.0) -> Iterator[Sound]:
    """The first so many seconds of the blocks, the last `fade` seconds of them fading out.

    Raises AudioError for a length that is not above 0 and finite.
    """
    if not (math.isfinite(seconds) and seconds > 0.0):
        raise AudioError(f"A sound cannot last {seconds:g} s; choose a length above 0.")
    at = 0
    for block in blocks:
        end = max(1, round(seconds * block.sample_rate))
        samples = block.samples[:, : end - at]
        left = end - at - np.arange(samples.shape[1])
        falling = np.minimum(left / max(round(fade * block.sample_rate), 1), 1.0)
        yield replace(block, samples=samples * np.sin(0.5 * np.pi * falling).astype(np.float32))
        at += samples.shape[1]
        if at >= end:
            return


def exported(blocks: Iterable[Sound], rate: int | None) -> Iterator[Sound]:
    """Blocks at one of EXPORT_RATES, their true peaks under the ceiling there too; with None as they are."""
    if rate is None:
        return iter(blocks)
    check_export_rate(rate)
    return limited(resampled(blocks, rate))


def resampled(blocks: Iterable[Sound], rate: int) -> Iterator[Sound]:
    """Blocks at another rate (soxr, very high quality), as if the whole had been resampled at once."""
    stream: soxr.ResampleStream | None = None
    last: Sound | None = None
    for block in blocks:
        if block.sample_rate == rate:
            yield block
            continue
        stream = stream or soxr.ResampleStream(block.sample_rate, rate, len(block.samples), "float32", "VHQ")
        last = block
        yield from _block(stream.resample_chunk(np.ascontiguousarray(block.samples.T)), rate, block)
    if stream and last:
        rest = np.zeros((0, len(last.samples)), np.float32)
        yield from _block(stream.resample_chunk(rest, last=True), rate, last)


def write(
    path: str | os.PathLike[str],
    blocks: Iterable[Sound],
    subtype: str | None = None,
    seconds: float | None = None,
) -> float:
    """Writes blocks into a .wav or .flac file as they come, whole or not at all; returns its seconds.

    subtype: as `Sound.to_bytes` takes it. seconds: how long it will be, where that is known, so that a disk which is
    too small for it is told of at once. Raises AudioError for another format, for a folder that is full or missing,
    where there is no block or they are not alike, and for more than a WAV file can hold; whatever stops the blocks
    leaves no file either.
    """
    path, blocks = Path(path), iter(blocks)
    format, subtype = _format(path, subtype)
    first = next(blocks, None)
    if first is None:
        raise AudioError("There is no sound to write; give one patch or more.")
    _check_room(path, first, format, subtype, seconds)
    with sound_file(path) as temporary:
        with _open(temporary, first, format, subtype) as file:
            for block in chain([first], blocks):
                _check_alike(first, block)
                _append(file, block, path)
            frames = file.frames
        _check_whole(temporary, frames, path)
    found: float = frames / first.sample_rate
    return found


def _block(samples: np.ndarray, rate: int, like: Sound) -> Iterator[Sound]:
    """Samples (n, channels) as a block, where there are any."""
    if len(samples):
        yield replace(like, samples=np.ascontiguousarray(samples.T), sample_rate=rate, loop=None)


def _check_room(path: Path, first: Sound, format: str, subtype: str, seconds: float | None) -> None:
    """Raises AudioError where a WAV of so many seconds does not fit into the format or on the disk."""
    if seconds is None or format != "wav":
        return
    size = round(seconds * first.sample_rate) * len(first.samples) * _BYTES[subtype]
    if size > LARGEST_WAV:
        raise _too_large(path)
    free = shutil.disk_usage(path.parent).free if path.parent.is_dir() else size
    if size > free:
        raise AudioError(
            f"{path} would take {size / 1e6:.0f} MB and {free / 1e6:.0f} MB are free; free some space, choose another "
            "folder or a shorter sound."
        )


def _too_large(path: Path) -> AudioError:
    return AudioError(f"{path.name} would be longer than a WAV file can be; choose .flac.")


def _check_whole(temporary: Path, frames: int, path: Path) -> None:
    """libsndfile does not tell of what it could not write on closing: the header is looked at, and its last frames."""
    try:
        with soundfile.SoundFile(temporary) as file:
            held = file.frames
            file.seek(max(frames - _LAST, 0))
            read = len(file.read(_LAST, dtype="int32"))
    except soundfile.SoundFileError:
        held = read = -1
    if held != frames or read != min(frames, _LAST):
        raise _not_to_its_end(path)


def _not_to_its_end(path: Path) -> AudioError:
    return AudioError(f"Cannot write {path} to its end; free some space or choose another folder.")


def _fade_length(sound: Sound, crossfade: float) -> int:
    """Samples of a crossing from or to a sound."""
    fade = round(crossfade * sound.sample_rate) if math.isfinite(crossfade) else -1
    if not 0 <= fade <= sound.samples.shape[1] // 2:
        raise AudioError(f"A crossing of {crossfade:g} s does not fit {sound.seconds:g} s; choose 0 to half of that.")
    return fade


def _begin_under(tail: np.ndarray, samples: np.ndarray, fade: int) -> np.ndarray:
    """Samples (channels, n) whose beginning crosses over from a tail (channels, fade)."""
    angle = 0.5 * np.pi * (np.arange(fade) + 0.5) / max(fade, 1)
    crossing = np.cos(angle) * tail + np.sin(angle) * samples[:, :fade]
    return np.concatenate([crossing.astype(np.float32), samples[:, fade:]], axis=1)


def _with_gain(block: Sound, begin: float, end: float) -> Sound:
    """A block whose gain goes evenly from one value to another."""
    if begin == end == 1.0:
        return block
    gain = np.linspace(begin, end, block.samples.shape[1], endpoint=False, dtype=np.float32)
    return replace(block, samples=block.samples * gain)


def _check_alike(first: Sound, second: Sound) -> None:
    forms = [(s.sample_rate, s.samples.shape[0]) for s in (first, second)]
    if forms[0] != forms[1]:
        told = " and ".join(f"{rate} Hz with {channels} channels" for rate, channels in forms)
        raise AudioError(f"Sounds of {told} do not join; bring them to one rate and one number of channels.")


def _format(path: Path, subtype: str | None) -> tuple[str, str]:
    """Format and subtype of a file."""
    format = path.suffix.lstrip(".").lower()
    if format not in FORMATS:
        raise AudioError(f"A long sound is written as {' or '.join(FORMATS)}, not as {path.name}; change the suffix.")
    subtype = subtype or SUBTYPES[format][0]
    if subtype not in SUBTYPES[format]:
        raise AudioError(f"{format} has no subtype {subtype}; use {', '.join(SUBTYPES[format])}.")
    return format, subtype


def _open(path: Path, first: Sound, format: str, subtype: str) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(path, "w", first.sample_rate, first.samples.shape[0], subtype, format=format)
    except soundfile.LibsndfileError as error:
        if error.code == _SYSTEM_ERROR:
            raise _not_to_its_end(path) from error
        raise AudioError(f"Cannot write {first.sample_rate} Hz as {format}; choose another format.") from error


def _append(file: soundfile.SoundFile, block: Sound, path: Path) -> None:
    channels, n = block.samples.shape
    if file.format == "WAV" and (file.frames + n) * channels * _BYTES[file.subtype] > LARGEST_WAV:
        raise _too_large(path)
    try:
        file.write(block.samples.T)
    except (soundfile.SoundFileError, AssertionError) as error:  # it asserts that all samples were written
        raise _not_to_its_end(path) from error
