"""The running app and a real Chromium, for benchmarks and browser tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.harness.patience import PATIENCE

ROOT = Path(__file__).resolve().parent.parent.parent
START_MS = 2000
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def find_chromium() -> str | None:
    """Path of an installed Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium with a profile of its own, allowed to play sound."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield chromium
        chromium.close()


def opened(chromium: Browser, address: str, script: str, ready: str) -> Page:
    """The page at `address` with `script` in it, once the element `ready` is there and it has come to rest."""
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(script)
    page.goto(address)
    page.locator(ready).wait_for(timeout=1000.0 * PATIENCE)
    page.wait_for_timeout(START_MS)
    return page


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(environment: Mapping[str, str] | None = None, root: Path = ROOT) -> Iterator[str]:
    """The app of a source tree as `streamlit run` starts it, on a free port; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "--server.port", str(port), "--server.headless", "true"]
    server = subprocess.Popen(command, cwd=root, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/healthz", server)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=PATIENCE).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the app did not answer at {address}")
