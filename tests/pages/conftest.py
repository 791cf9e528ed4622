"""What tests of pages share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def root(published, tmp_path, monkeypatch) -> Path:
    """Models that may be written to."""
    folder = Path(shutil.copytree(published, tmp_path / "checkpoints"))
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(folder))
    return folder
