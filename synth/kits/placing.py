"""What a format writes of a kit's zone: its file, and what a sampler must know of the sound in it."""

from __future__ import annotations

from dataclasses import dataclass

from synth.kits.kit import Kit, Pad
from synth.kits.zones import Zone, stem
from synth.patch.naming import word
from synth.sound.containers import Loop

RELEASE = 0.1  # s that a loop takes to fall silent once its key is let go
_LONGEST = 60


@dataclass(frozen=True)
class Placed:
    """A zone with its file, named from the kit's folder on, and the loop of the sound in it where it has one."""

    zone: Zone
    file: str
    loop: Loop | None


def sample(kit: Kit, zone: Zone) -> str:
    """The file of a zone within a kit's folder."""
    return f"samples/{stem(kit, zone)}.wav"


def in_folders(kit: Kit, zone: Zone) -> str:
    """The same in a folder a pad, where no sampler's text tells which is which."""
    return f"{zone.pad + 1:02d}_{word(kit.pads[zone.pad].name, _LONGEST, '+-.')}/{stem(kit, zone)}.wav"


def title(kit: Kit) -> str:
    """A kit's name as that of a file, without a suffix."""
    return word(kit.name, _LONGEST, "+-.")


def by_pad(kit: Kit, placed: list[Placed]) -> list[tuple[Pad, list[Placed]]]:
    """Each pad with its zones."""
    return [(pad, [part for part in placed if part.zone.pad == number]) for number, pad in enumerate(kit.pads)]


def levelled(kit: Kit) -> bool:
    """Whether the files themselves are as loud as their velocities, so that a sampler must not make them so again."""
    return kit.velocities > 1
