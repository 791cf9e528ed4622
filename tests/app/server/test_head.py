"""What is put into the page's <head>, and what is left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.server import bundle
from app.server.chunks import FOLDER, IMPORTED, late
from app.server.head import ENTRIES, STYLE, Head, head

PAGE = "<!DOCTYPE html><html><head><title>Ä</title></head><body></body></html>"


async def page(request):
    asked = {"encoding": request.headers.get("accept-encoding"), "etag": request.headers.get("if-none-match")}
    return HTMLResponse(PAGE, headers={"Sent": str(asked)})


async def pieces(_request):
    return StreamingResponse((part for part in (PAGE[:40].encode(), PAGE[40:].encode())), media_type="text/html")


async def other(_request):
    return JSONResponse({"head": "</head>"})


@pytest.fixture(scope="module")
def client():
    app = Starlette(routes=[Route(path, end) for path, end in (("/", page), ("/pieces", pieces), ("/json", other))])
    return TestClient(Head(app, "sound_design"))


@pytest.mark.parametrize("path", ["/", "/pieces"])
def test_a_page_has_the_style_and_the_bundle(client, path):
    answer = client.get(path, headers={"Accept": "text/html,*/*", "If-None-Match": "1", "Accept-Encoding": "gzip"})
    lines = head("sound_design")
    assert answer.text == PAGE.replace("</head>", lines + "</head>")
    assert f'href="/sound_design/{bundle.address()}"' in lines and STYLE.read_text(encoding="utf-8") in lines
    assert f"\n{ENTRIES.read_text(encoding='utf-8')}</script>" in lines, "before Streamlit's own writes"
    assert 'BACKEND_BASE_URL: new URL("/sound_design/", location.href)' in lines
    if path == "/":
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert answer.headers["sent"] == str({"encoding": None, "etag": None})


def test_what_is_no_page_or_not_asked_by_a_browser_stays(client):
    assert client.get("/json", headers={"Accept": "text/html,*/*"}).json() == {"head": "</head>"}
    assert client.get("/", headers={"Accept": "*/*"}).text == PAGE


def test_what_the_instrument_is_drawn_by_comes_with_the_page(client):
    """All that Streamlit's element imports is in its folder, and is named once, by the page or by these lines."""
    index = (FOLDER.parents[1] / "index.html").read_text(encoding="utf-8")
    named = [path for path in late(index) if "BidiComponent" in path]
    assert len(named) == 1
    assert f'<link rel="modulepreload" href="/sound_design/{named[0]}">' in head("sound_design", index)
    for path in late(index):
        text = (FOLDER / Path(path).name).read_text(encoding="utf-8")
        for imported in IMPORTED.findall(text):
            assert (imported in index) != (f"static/js/{imported}" in late(index)), imported


def test_without_a_base_path_the_bundle_is_at_the_root():
    assert f'href="/{bundle.address()}"' in head("")
