"""Which addresses of the web app show a page, and what the others answer."""

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from streamlit import config
from streamlit.web.server.starlette.starlette_static_routes import create_streamlit_static_assets_routes

from app.server.addresses import Addresses, own_door
from app.server.refusals import unrouted

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def client(base: str = "") -> TestClient:
    """Around what Streamlit answers unknown addresses with."""
    routes = [
        Route("/models", lambda _: JSONResponse({"models": []})),
        Mount("/component", app=HTMLResponse("a frame")),
        Mount("/refused", app=Response("no", 400)),
        *create_streamlit_static_assets_routes(base),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Addresses)], exception_handlers={HTTPException: unrouted})
    return TestClient(app, base_url="http://127.0.0.1:8501")


@pytest.mark.parametrize("address", ["/", "/explore", "/train", "/morph", "/index.html", "/component/x.html"])
def test_pages_stay_at_their_addresses(address):
    for headers in (BROWSER, {}):
        answer = client().get(address, headers=headers)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("address", ["/openapi", "/nothing", "/explore/nothing", "/static/js/none.js", "/explor"])
def test_other_addresses_are_404(address):
    answer = client().get(address)
    assert answer.status_code == 404
    assert answer.json() == {"error": "there is no such address", "field": None}
    shown = client().get(address, headers=BROWSER)
    assert shown.status_code == 404 and "<html" in shown.text, "the page says so itself"
    assert client().head(address).status_code == 404


def test_routes_and_methods(monkeypatch):
    assert client().get("/models").json() == {"models": []}
    for method in ("POST", "TRACE", "BREW"):
        answer = client().request(method, "/explore")
        assert answer.status_code == 405 and answer.json()["error"] == "this method is not known here"
    assert client().get("/refused/x").json() == {"error": "bad request", "field": None}


def test_under_a_base_path():
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", "sound_design")
    try:
        under = client("sound_design")
        assert under.get("/sound_design/explore").status_code == 200
        assert under.get("/sound_design/").status_code == 200
        for address in ("/sound_design/nothing", "/nothing", "/explore"):
            assert under.get(address).json()["error"] == "there is no such address"
    finally:
        config.set_option("server.baseUrlPath", before)


def test_the_door_is_as_configured(monkeypatch):
    monkeypatch.setenv("SONOFORM_HOSTS", "studio.example *.lab.example")
    monkeypatch.setenv("SONOFORM_PROXIES", "10.0.0.1")
    before = config.get_option("server.address")
    config.set_option("server.address", "127.0.0.1")
    try:
        door = own_door()
    finally:
        config.set_option("server.address", before)
    assert door.is_private and door.hosts == ("studio.example", "*.lab.example") and door.proxies == ("10.0.0.1/32",)
