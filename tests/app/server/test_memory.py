"""Memory: what a server keeps of many requests is bounded, and what it freed goes back."""

from __future__ import annotations

import asyncio
import sys
import weakref

import pytest

from app.server import instruments, memory
from synth.patch.patch import Patch
from tests.harness.patience import PATIENCE


def test_of_many_sounds_the_last_ones_are_kept(tiny_checkpoint):
    shared = instruments.instrument("tiny")
    sounds = [weakref.ref(shared.render(Patch("tiny", "hit", seed))) for seed in range(2 * instruments.KEPT_SOUNDS)]
    kept = [sound() is not None for sound in sounds]
    assert kept == [False] * instruments.KEPT_SOUNDS + [True] * instruments.KEPT_SOUNDS


@pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim is glibc's")
def test_freed_memory_is_given_back():
    pieces = [bytes(100_000) for _ in range(1000)]  # too small for pages of their own
    last = bytes(100_000)
    del pieces
    assert memory.trim() and last


def test_it_is_given_back_again_and_again_while_a_server_serves(monkeypatch):
    async def serve() -> None:
        rounds = asyncio.Semaphore(0)
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(memory, "PERIOD", 0.01)
        monkeypatch.setattr(memory, "trim", lambda: loop.call_soon_threadsafe(rounds.release))
        async with memory.trimmed():
            for _ in range(3):
                await asyncio.wait_for(rounds.acquire(), PATIENCE)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(serve())
