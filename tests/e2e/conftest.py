"""The running app with the tiny model, and windows of a real Chromium."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.harness.patience import PATIENCE_MS
from tests.harness.serving import browser, served


@pytest.fixture(scope="session")
def address(published: Path) -> Iterator[str]:
    with served({"SONOFORM_CHECKPOINTS": str(published)}) as where:
        yield where


@pytest.fixture
def own_address(published: Path, tmp_path: Path) -> Iterator[str]:
    """An app with models and a library of its own, which it may write to."""
    checkpoints = shutil.copytree(published, tmp_path / "checkpoints")
    library = str(tmp_path / "sounds.sqlite")
    with served({"SONOFORM_CHECKPOINTS": str(checkpoints), "SONOFORM_LIBRARY": library}) as where:
        yield where


@pytest.fixture(scope="session")
def chromium():
    expect.set_options(timeout=PATIENCE_MS)
    with browser() as running:
        yield running


@pytest.fixture
def complaints() -> list[str]:
    """Errors of a page's console, and addresses of other hosts that it asked for. A test may clear what it provoked."""
    return []


@pytest.fixture
def page(chromium, complaints):
    """A fresh window that must end without complaints. A test asks for its own app first, which then outlives it."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    fresh = context.new_page()
    fresh.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    fresh.on("pageerror", lambda error: complaints.append(str(error)))
    fresh.on(
        "request",
        lambda request: (
            complaints.append(request.url)
            if re.match(r"(https?|wss?)://", request.url) and "//127.0.0.1:" not in request.url
            else None
        ),
    )
    yield fresh
    context.close()
    assert not complaints
