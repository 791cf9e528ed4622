"""Memory that was freed goes back to the system.

The C library keeps what threads have freed for what they ask for next, in pieces among what is still used. Under
questions of all kinds a process came to 1.4 times what it used, though it kept no more of them (benchmarks/results).
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

PERIOD = 60.0  # s; a round takes 1 to 10 ms, and the next sound 5 ms more


def trim() -> bool:
    """Gives back all pages that nothing lies on; whether there were some. False where the C library cannot (glibc)."""
    give = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return bool(give and give(0))


@asynccontextmanager
async def trimmed() -> AsyncIterator[None]:
    """Trims each PERIOD, in a thread of its own, for as long as a server serves."""
    rounds = asyncio.create_task(_rounds())
    try:
        yield
    finally:
        rounds.cancel()
        with suppress(asyncio.CancelledError):
            await rounds


async def _rounds() -> None:
    while True:
        await asyncio.sleep(PERIOD)
        await asyncio.to_thread(trim)
