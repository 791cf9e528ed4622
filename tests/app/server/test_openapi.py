"""The OpenAPI documents of both servers tell what is checked: schemathesis makes requests of them, right and wrong."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.server import routes, service
from app.server.service import Service
from synth.config import Config, Configured

HOME = {"Host": "127.0.0.1:8501"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
FEW = settings(
    max_examples=12,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def places(tmp_path, monkeypatch, tiny_checkpoint):
    monkeypatch.setenv("SONOFORM_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)


def keeps_to(app: Starlette, without: tuple[str, ...] = ()) -> None:
    """Asks each operation of a server rightly and wrongly, and looks at what it answers."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=HOME)
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in without:
            continue
        modes = list(GenerationMode) if operation.body or operation.query else [GenerationMode.POSITIVE]
        for mode in modes:

            @FEW
            @given(operation.as_strategy(generation_mode=mode))
            def check(case: schemathesis.Case) -> None:
                nonlocal asked
                asked += 1
                case.call_and_validate(checks=CHECKS, headers=HOME)

            check()
    assert asked > 50


def test_the_web_api_is_as_its_document_says(places):
    keeps_to(Starlette(routes=routes.routes()))


def test_the_small_api_is_as_its_document_says(places, monkeypatch):
    # What may be asked is tested here, not what a trainer then does with it.
    monkeypatch.setattr(service, "_check_training", lambda _config: None)
    monkeypatch.setattr(service, "_start", lambda name, _config: name or "run")
    keeps_to(Service(Configured(Config(model="tiny"))).app())


def test_a_document_tells_of_every_route_and_field(places):
    document = (
        TestClient(Starlette(routes=routes.routes()), base_url="http://127.0.0.1:8501").get("/openapi.json").json()
    )
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {*routes.table(), "/openapi.json"}
    body = document["paths"]["/infer"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["psi"] == {"type": "number", "minimum": 0.0, "maximum": 2.0, "default": 1.0}
    assert {"pitch", "stretch", "loop", "rate", "replace", "format"} <= set(body["properties"])
    asked = {parameter["name"] for parameter in document["paths"]["/stream"]["get"]["parameters"]}
    assert {"m", "pi", "st", "seconds", "format"} <= asked
    latent = {kind["type"] for kind in body["properties"]["latent"]["anyOf"][0]["anyOf"]}
    answered = document["paths"]["/encode"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert latent == {"array", "string"} and answered["properties"]["latent"] == body["properties"]["latent"]
