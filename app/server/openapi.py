"""The routes of a server as one table: what answers each, and the OpenAPI 3.1 document that is made of the same.

What a body or an address may say is the schema of the very checks that read it (synth/checks.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.server.refusals import Endpoint, Handler
from synth.checks import Schema

JSON = "application/json"
OBJECT: Schema = {"type": "object"}
SOUND: Schema = {}
REFUSAL: Schema = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "field": {"type": ["string", "null"]}},
    "required": ["error", "field"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Operation:
    """One method of one address. body, answers: schemas by media type; query: schemas by name."""

    handler: Handler
    summary: str
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Mapping[str, Schema] = field(default_factory=dict)
    answers: Mapping[str, Schema] = field(default_factory=lambda: {JSON: OBJECT})

    def describe(self) -> dict[str, Any]:
        """As an operation of OpenAPI."""
        told: dict[str, Any] = {"summary": self.summary, "responses": self._responses()}
        if self.query:
            told["parameters"] = [{"name": name, "in": "query", "schema": of} for name, of in self.query.items()]
        if self.body:
            told["requestBody"] = {"required": True, "content": _content(self.body)}
        return told

    def _responses(self) -> dict[str, Any]:
        refused = {"description": "A refusal: one sentence", "content": _content({JSON: REFUSAL})}
        answered = {"description": "What was asked for", "content": _content(self.answers)}
        return {"200": answered, "4XX": refused, "5XX": refused}


Table = dict[str, dict[str, Operation]]


def endpoints(title: str, table: Table, base: str = "") -> dict[str, Endpoint]:
    """What answers each address, with GET /openapi.json, which tells of all of them; HEAD is answered as GET."""

    async def openapi(_request: Request) -> Response:
        return JSONResponse(document(title, whole, base))

    whole: Table = table | {"/openapi.json": {"GET": Operation(openapi, "This document")}}
    return {path: _endpoint(operations) for path, operations in whole.items()}


def document(title: str, table: Table, base: str = "") -> dict[str, Any]:
    """The OpenAPI document of a server, whose addresses lie under `base`."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1", "description": "Every refusal is one line of JSON."},
        "servers": [{"url": base or "/"}],
        "paths": {
            path: {method.lower(): operation.describe() for method, operation in operations.items()}
            for path, operations in table.items()
        },
    }


def _endpoint(operations: Mapping[str, Operation]) -> Endpoint:
    handlers = {method: operation.handler for method, operation in operations.items()}
    if "GET" in handlers:
        handlers["HEAD"] = handlers["GET"]
    return Endpoint(handlers)


def _content(schemas: Mapping[str, Schema]) -> dict[str, Any]:
    return {kind: {"schema": schema} if schema else {} for kind, schema in schemas.items()}
