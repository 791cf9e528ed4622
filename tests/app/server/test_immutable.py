"""Files that never change are read once."""

from __future__ import annotations

from collections import Counter

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.server import immutable
from app.server.immutable import Immutable

LASTING = {"Cache-Control": "public, immutable, max-age=31536000"}


@pytest.fixture
def asked() -> Counter:
    """How often each route was asked."""
    return Counter()


@pytest.fixture
def client(asked: Counter) -> TestClient:
    async def lasting(request: Request) -> Response:
        asked[request.url.path] += 1
        return Response(b"x" * 4000 + request.url.query.encode(), headers=LASTING, media_type="text/javascript")

    async def changing(request: Request) -> Response:
        asked[request.url.path] += 1
        return Response(str(asked[request.url.path]))

    async def missing(request: Request) -> Response:
        asked[request.url.path] += 1
        return Response("none", status_code=404, headers=LASTING)

    async def pieces(request: Request) -> Response:
        asked[request.url.path] += 1
        return StreamingResponse((part for part in (b"one ", b"two")), headers=LASTING)

    routes = [Route(f"/{end.__name__}", end) for end in (lasting, changing, missing, pieces)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Immutable), Middleware(GZipMiddleware)]))


def test_it_is_answered_from_memory_as_it_was(client: TestClient, asked: Counter) -> None:
    first, second = client.get("/lasting"), client.get("/lasting")
    assert first.content == second.content == b"x" * 4000 and asked["/lasting"] == 1
    assert first.headers == second.headers and second.headers["content-encoding"] == "gzip"
    assert [client.get("/pieces").text for _ in range(2)] == ["one two"] * 2 and asked["/pieces"] == 1


def test_another_query_or_packing_is_another_answer(client: TestClient) -> None:
    client.get("/lasting")
    assert client.get("/lasting?1").text.endswith("1")
    assert "content-encoding" not in client.get("/lasting", headers={"Accept-Encoding": "identity"}).headers


def test_what_may_change_is_asked_each_time(client: TestClient, asked: Counter) -> None:
    assert [client.get("/changing").text for _ in range(2)] == ["1", "2"]
    assert [client.get("/missing").status_code for _ in range(2)] == [404, 404] and asked["/missing"] == 2
    for header in ("Range", "If-None-Match"):
        client.get("/lasting", headers={header: "x"})
    assert asked["/lasting"] == 2


def test_what_is_large_is_not_kept(client: TestClient, asked: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LARGEST", 10), ("ROOM", 10)):
        with monkeypatch.context() as patched:
            patched.setattr(immutable, name, value)
            assert [len(client.get(f"/lasting?{name}").content) for _ in range(2)] == [4000 + len(name)] * 2
    assert asked["/lasting"] == 4
