"""A kit as files: for SFZ, for DecentSampler, as plain folders, or as a library of DecentSampler in one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from synth.choices import KIT_FORMATS
from synth.errors import KitError
from synth.kits import decentsampler, sfz
from synth.kits.kit import Kit
from synth.kits.placing import Placed, in_folders, sample, title
from synth.kits.takes import Source, sounds
from synth.storage import new_folder
from synth.zips import write_zip

Files = Iterator[tuple[str, bytes]]  # names from the kit's folder on, and what is in them
LIBRARY = "dslibrary"
_TEXTS: dict[str, tuple[str, Callable[[Kit, list[Placed]], str]]] = {
    "sfz": ("sfz", sfz.text),
    "decentsampler": ("dspreset", decentsampler.text),
}


def files(kit: Kit, source: Callable[[str], Source], format: str, threads: int = 1) -> Files:
    """The files of a kit in one of KIT_FORMATS, those of LIBRARY as they lie in its zip: the same bytes each time.

    source: as `takes` has it; threads: that make sounds. Raises KitError for another format, and as `sounds`.
    """
    if format not in KIT_FORMATS:
        raise KitError(f"there is no format {format}: use {', '.join(KIT_FORMATS)}")
    name = in_folders if format == "folder" else sample
    placed = []
    for zone, sound in sounds(kit, source, threads):
        part = Placed(zone, name(kit, zone), sound.loop)
        placed.append(part)
        yield part.file, sound.to_bytes("wav", "PCM_24", root=zone.root)
    suffix, text = _TEXTS.get("decentsampler" if format == LIBRARY else format, ("", None))
    if text:
        yield f"{title(kit)}.{suffix}", text(kit, placed).encode()


def write_kit(kit: Kit, source: Callable[[str], Source], format: str, folder: Path, threads: int = 1) -> list[str]:
    """Writes a kit into a folder that is new or empty, whole or not at all; the names of its files.

    Raises as `files`, and DataError for a folder that is in use or cannot be written.
    """
    with new_folder(folder) as part:
        if format == LIBRARY:
            library = f"{title(kit)}.{LIBRARY}"
            write_zip(part / library, files(kit, source, format, threads))
            return [library]
        names = []
        for name, data in files(kit, source, format, threads):
            (part / name).parent.mkdir(exist_ok=True)
            (part / name).write_bytes(data)
            names.append(name)
        return names
