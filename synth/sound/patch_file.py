"""The patch of a file: of a JSON one, or of a sound that holds it."""

from __future__ import annotations

from pathlib import Path

from synth.errors import SonoformError
from synth.patch.patch import Patch
from synth.sound.sound import Sound


def read_patch(path: Path) -> Patch:
    """Raises SonoformError for a file that has none, AudioError for a sound that cannot be read, and PatchError."""
    if path.suffix == ".json":
        try:
            return Patch.from_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SonoformError(f"{path} cannot be read as a patch: name a JSON file") from error
    embedded = Sound.load(path).patch
    if embedded is None:
        raise SonoformError(f"{path} has no patch embedded: name a file that Sonoform exported")
    return embedded
