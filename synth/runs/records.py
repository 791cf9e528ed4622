"""A file of records as TensorBoard reads them (TFRecord): each with its length, and checksums of both.

A record is length (uint64), checksum of these 8 bytes (uint32), data, checksum of the data (uint32), little-endian.
The checksum is CRC-32C (Castagnoli, RFC 3720 appendix B.4), rotated and shifted by a constant so that data that hold
checksums themselves are not mistaken.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numba
import numpy as np

POLYNOMIAL = 0x82F63B78  # of CRC-32C, the lowest bit first
SHIFT = 0xA282EAD8


class Records:
    """Appends to a new file; what was added is on disk when `add` returns."""

    def __init__(self, path: Path):
        self._file = path.open("xb")

    def add(self, data: bytes) -> None:
        length = struct.pack("<Q", len(data))
        self._file.write(length + _masked(length) + data + _masked(data))
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + SHIFT) & 0xFFFFFFFF)


def crc32c(data: bytes) -> int:
    """The checksum of some bytes. Megabytes take milliseconds, where plain Python takes seconds of the training."""
    return int(_crc32c(np.frombuffer(data, np.uint8), _TABLE))


def _table() -> np.ndarray:
    """Remainder of every byte, uint32 (256,)."""
    rest = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        rest = np.where(rest & 1, (rest >> 1) ^ np.uint32(POLYNOMIAL), rest >> 1)
    return rest


_TABLE = _table()


@numba.njit(nogil=True, cache=True)
def _crc32c(data: np.ndarray, table: np.ndarray) -> np.uint32:
    crc = np.uint32(0xFFFFFFFF)
    for byte in data:
        crc = np.uint32(table[(crc ^ byte) & np.uint32(0xFF)] ^ (crc >> np.uint32(8)))
    return np.uint32(crc ^ np.uint32(0xFFFFFFFF))
