"""The binary frame: a sound and its picture in one message, for programs that redraw many times a second.

Little-endian. Header of 44 bytes, then the samples, then the picture:

| offset | type | what |
|---|---|---|
| 0 | 4 bytes | magic, "SNFM" |
| 4 | uint16 | version, 1 |
| 6 | uint16 | length of the header in bytes, 44: the samples begin here |
| 8 | uint32 | sequence number of the request |
| 12 | uint32 | sample rate, Hz |
| 16 | uint32 | samples per channel |
| 20 | uint16 | channels |
| 22 | uint16 | bins of the spectrogram |
| 24 | uint16 | frames of the spectrogram |
| 26 | uint16 | decibels from level 0 to level 255 of the spectrogram |
| 28 | float32 | time the render took, ms |
| 32 | float32 | integrated loudness, LUFS; -inf for silence, NaN where it was not measured |
| 36 | uint32 | first sample of the loop |
| 40 | uint32 | end of the loop, exclusive; 0 where there is none |
| 44 | int16 | samples, channels interleaved, 32767 is full scale |
| after | uint8 | spectrogram, bin after bin from 0 Hz to Nyquist, each from the first frame to the last |
"""

from __future__ import annotations

import math
import struct

import numpy as np

from synth.audio.loudness import integrated
from synth.sound.sound import Sound

MAGIC = b"SNFM"
MEDIA_TYPE = "audio/x-sonoform-frame"  # not octet-stream, which the server would compress: longer than a draft can wait
VERSION = 1
HEADER = struct.Struct("<4sHHIIIHHHHffII")
BINS, FRAMES, RANGE_DB = 256, 256, 80


def pack(sound: Sound, sequence: int, render_ms: float, measured: bool = True) -> bytes:
    """The frame of a sound; `sequence` comes back as it was given, 0..2^32 - 1. measured: whether it tells loudness."""
    lufs = integrated(sound.samples, sound.sample_rate) if measured else math.nan
    channels, n = sound.samples.shape
    header = HEADER.pack(
        *(MAGIC, VERSION, HEADER.size, sequence, sound.sample_rate, n, channels, BINS, FRAMES, RANGE_DB, render_ms),
        *(lufs, *(sound.loop or (0, 0))),
    )
    pcm = np.rint(sound.samples.T.clip(-1.0, 1.0) * 32767.0).astype("<i2")
    return header + pcm.tobytes() + sound.spectrogram(BINS, FRAMES, -RANGE_DB).tobytes()
