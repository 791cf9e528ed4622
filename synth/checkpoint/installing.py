"""Models that are brought from elsewhere: a folder or a zip of checkpoints, each checked before it is put in place."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synth import paths
from synth.checkpoint.store import CARD, install, verify
from synth.errors import CheckpointError
from synth.storage import replace_folder, staged

FROZEN = "perceptual"  # the weights of frozen networks, which lie beside models and are none


def install_models(source: Path) -> list[str]:
    """Puts all models of a folder, or of a zip (a wheel is one), where models are looked for; their ids.

    An older model of the same id is replaced. Raises CheckpointError where there is none, where one is damaged, and
    where it cannot be written; the models before it stay installed.
    """
    try:
        with _opened(source) as folder:
            found = sorted(card.parent for card in folder.rglob(CARD))
            if not found:
                raise CheckpointError(f"{source} holds no models: name a folder of checkpoints, or a zip of one")
            models = [_installed(model) for model in found]
            for frozen in folder.rglob(FROZEN):
                _replaced(frozen, paths.shipped() / FROZEN)
            return models
    except (OSError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{source} cannot be installed ({error}): look at the file and the free space") from error


@contextmanager
def _opened(source: Path) -> Iterator[Path]:
    if source.is_dir():
        yield source
        return
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(source) as archive:
        archive.extractall(folder)
        yield Path(folder)


def _installed(model: Path) -> str:
    card = verify(model)
    place = paths.models() / card.id
    if place.resolve() != model.resolve():
        with staged(place) as part:
            shutil.copytree(model, part, dirs_exist_ok=True)
            install(part, place)
    return card.id


def _replaced(folder: Path, place: Path) -> None:
    if place.resolve() != folder.resolve():
        with staged(place) as part:
            shutil.copytree(folder, part, dirs_exist_ok=True)
            replace_folder(part, place)
