"""GET /stream: a sound without an end, sent while it is made.

The address holds a patch, spelled as in a link of the web app, and
- "seconds": how long it goes on; at most, and by default, the limit of the setting stream_minutes;
- "format": wav.
So many listen at once as the setting `listeners` says. A block is made when the listener needs it, at most LEAD seconds
ahead of the clock, and takes its turn with every other sound; between two blocks others have theirs. A listener who
leaves, or who does not read on, ends the stream.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.server.bodies import check_origin
from app.server.fields import addressed, patch_query, seconds
from app.server.instruments import instrument
from app.server.openapi import SOUND, Operation
from app.server.refusals import Refusal
from synth.checks import one_of
from synth.config import serving
from synth.patch.patch import Patch
from synth.sound.sound import Sound

LEAD = 30.0
OWN = {"seconds": dict(seconds.schema), "format": one_of(("wav",))}
MAX_SIZE = 2**32 - 1

_blocks = CapacityLimiter(4)


class Listeners:
    """How many there are; `enter` raises Refusal where there is no room for one more."""

    def __init__(self) -> None:
        self.count = 0

    def enter(self, most: int) -> None:
        if self.count >= most:
            raise Refusal(503, None, f"{most} listeners are served at once: ask again later", {"Retry-After": "30"})
        self.count += 1

    def leave(self) -> None:
        self.count -= 1


listeners = Listeners()


@dataclass(frozen=True)
class Asked:
    """What an address asks for."""

    patch: Patch
    seconds: float

    @classmethod
    def read(cls, pairs: list[tuple[str, str]], limit: float) -> Asked:
        """limit: of the seconds. Raises Refusal and PatchError."""
        asked, patch = addressed(pairs, OWN)
        if asked.get("format", "wav") != "wav":
            raise Refusal(400, "format", "must be wav")
        length = seconds("seconds", asked["seconds"]) if "seconds" in asked else limit
        if not 0.0 < length <= limit:
            raise Refusal(400, "seconds", f"must be above 0 and at most {limit:g}")
        return cls(patch, length)


async def stream(request: Request) -> Response:
    check_origin(request)
    settings = serving()
    asked = Asked.read(request.query_params.multi_items(), 60.0 * settings.stream_minutes)
    listeners.enter(settings.listeners)
    try:
        first, blocks = await to_thread.run_sync(_begun, asked.patch, limiter=_blocks)
    except BaseException:
        listeners.leave()
        raise
    return Live(_sent(first, blocks, asked.seconds), blocks)


STREAM = {"GET": Operation(stream, "A sound without an end", patch_query() | OWN, answers={"audio/wav": SOUND})}


class Live(StreamingResponse):
    """Lets go of its listener however the stream ends, also before it begins."""

    def __init__(self, content: AsyncGenerator[bytes, None], blocks: Iterator[Sound]):
        super().__init__(content, headers={"Cache-Control": "no-store"}, media_type="audio/wav")
        self.blocks = blocks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            listeners.leave()
            with suppress(ValueError):  # a block is being made yet: it is the last one
                self.blocks.close()  # type: ignore[attr-defined]


def _begun(patch: Patch) -> tuple[Sound, Iterator[Sound]]:
    """The first block, so that what is wrong with a patch is told before anything is sent, and those that follow."""
    blocks = instrument(patch.model).endless(patch)
    return next(blocks), blocks


async def _sent(block: Sound | None, blocks: Iterator[Sound], length: float) -> AsyncGenerator[bytes, None]:
    assert block is not None
    rate, left = block.sample_rate, round(length * block.sample_rate)
    yield header(block.samples.shape[0], rate, left)
    begun, total = time.monotonic(), left
    while left and block is not None:
        samples = block.samples[:, :left]
        yield np.rint(samples.T.clip(-1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        left -= samples.shape[1]
        await asyncio.sleep(max((total - left) / rate - (time.monotonic() - begun) - LEAD, 0.0))
        block = await to_thread.run_sync(next, blocks, None, limiter=_blocks) if left else None


def header(channels: int, rate: int, frames: int) -> bytes:
    """The head of a WAV file of so many frames, PCM of 16 bits; a size beyond 4 GiB is given as the greatest one."""
    size = 2 * channels * frames
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, 2 * channels * rate, 2 * channels, 16)
    data = struct.pack("<4sI", b"data", min(size, MAX_SIZE))
    return struct.pack("<4sI4s", b"RIFF", min(size + 36, MAX_SIZE), b"WAVE") + form + data
