"""Models of a folder or a zip, put where models are looked for."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from synth.checkpoint.installing import install_models
from synth.checkpoint.store import catalogue
from synth.errors import CheckpointError


@pytest.fixture
def elsewhere(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the model tiny, and no model where models are looked for."""
    shutil.copytree(tiny_checkpoint / "tiny", tmp_path / "given" / "tiny")
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path / "here"))
    return tmp_path / "given"


def test_models_of_a_folder_and_of_a_zip_are_taken_in(elsewhere: Path, tmp_path: Path) -> None:
    assert not catalogue()
    assert install_models(elsewhere) == ["tiny"] and list(catalogue()) == ["tiny"]
    (tmp_path / "here" / "tiny" / "card.json").unlink()
    packed = tmp_path / "models.whl"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in elsewhere.rglob("*"):
            archive.write(path, Path("sonoform_models") / path.relative_to(elsewhere))
    assert install_models(packed) == ["tiny"] and list(catalogue()) == ["tiny"]
    assert install_models(tmp_path / "here") == ["tiny"], "what is in its place stays"


def test_what_is_damaged_or_none_is_told_and_nothing_is_put(elsewhere: Path, tmp_path: Path) -> None:
    (elsewhere / "tiny" / "generator.safetensors").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="is damaged"):
        install_models(elsewhere)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="holds no models"):
        install_models(tmp_path / "empty")
    (tmp_path / "no.zip").write_bytes(b"no zip")
    with pytest.raises(CheckpointError, match="cannot be installed"):
        install_models(tmp_path / "no.zip")
    assert not catalogue()
