"""The OpenAPI 3.1 document of a service, made from its endpoints' schemas and served beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema
from nameko.extensions import DependencyProvider
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from schemas import fields
from services.chassis.auth import ORGANISATION_HEADER
from services.chassis.edge import EdgeServer
from services.chassis.promises import PREFIX, Endpoint, promises

_PARAM = re.compile(r"<(?:(?P<converter>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_PARAM_TYPES: Mapping[str, dict[str, str]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer"},
}
_FIELD_TYPES: Mapping[type[fields.Strict], tuple[str, str | None]] = {
    fields.Id: ("string", "uuid"),
    fields.Text: ("string", None),
    fields.Secret: ("string", "password"),
    fields.Code: ("string", None),
    fields.Language: ("string", None),
    fields.Int: ("integer", None),
    fields.Number: ("number", None),
    fields.Latitude: ("number", None),
    fields.Longitude: ("number", None),
    fields.Flag: ("boolean", None),
    fields.Instant: ("string", "date-time"),
    fields.Day: ("string", "date"),
    fields.Adcode: ("string", None),
    fields.Email: ("string", "email"),
    fields.Document: ("object", None),
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "trace_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "code", "message")},
            },
        },
        "trace_id": {"type": ["string", "null"]},
    },
}


class OpenApi(DependencyProvider):
    """Serves `GET /api/v1/<service>/openapi.json` for the class that it is an attribute of."""

    server = EdgeServer()

    def __init__(self, service: str) -> None:
        self.service = service

    def setup(self) -> None:
        """Make the document once and join the routes."""
        self._document = json.dumps(
            document(self.service, promises(self.container.service_cls)), ensure_ascii=False
        )
        self.server.register_provider(self)

    def stop(self) -> None:
        """Leave the routes."""
        self.server.unregister_provider(self)

    def get_dependency(self, _: object) -> None:
        """Workers have no use for it."""

    def get_url_rule(self) -> Rule:
        """Where the document stands."""
        return Rule(f"{PREFIX}/{self.service}/openapi.json", methods=["GET"])

    def handle_request(self, _: Request) -> Response:
        """The document."""
        return Response(
            self._document, content_type="application/json", headers={"Cache-Control": "max-age=60"}
        )


def document(service: str, endpoints: list[Endpoint]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of `endpoints`."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(title=f"KeQiao {service}", version="1", openapi_version="3.1.0", plugins=[plugin])
    assert plugin.converter is not None
    plugin.converter.field_mapping.update(_FIELD_TYPES)
    spec.components.schema("Problem", _PROBLEM)
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    for path in sorted({endpoint.path for endpoint in endpoints}):
        methods = {e.method.lower(): _operation(e, plugin.converter) for e in endpoints if e.path == path}
        spec.path(path=PREFIX + _PARAM.sub(r"{\g<name>}", path), operations=methods)
    made: dict[str, Any] = spec.to_dict()
    return made


def _name(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _operation(endpoint: Endpoint, converter: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary or _operation_id(endpoint).replace("_", " "),
        "parameters": [
            *_path_params(endpoint),
            *_query_params(endpoint, converter),
            *_header_params(endpoint),
        ],
        "responses": {str(endpoint.status): _success(endpoint), "default": _content("Problem", "Refused.")},
    }
    if endpoint.body:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": endpoint.body}},
        }
    if endpoint.roles is not None:
        operation["security"] = [{"token": []}]
        operation["x-roles"] = sorted(endpoint.roles)
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    words = re.findall(r"\w+", _PARAM.sub(r"by_\g<name>", endpoint.path))
    return "_".join((endpoint.method.lower(), *words))


def _path_params(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {
            "name": found["name"],
            "in": "path",
            "required": True,
            "schema": _PARAM_TYPES.get(found["converter"] or "", {"type": "string"}),
        }
        for found in _PARAM.finditer(endpoint.path)
    ]


def _query_params(endpoint: Endpoint, converter: Any) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    return [
        {
            "name": field.data_key or name,
            "in": "query",
            "required": field.required,
            "schema": _query_schema(name, field, converter),
        }
        for name, field in endpoint.query().fields.items()
    ]


def _query_schema(name: str, field: Any, converter: Any) -> dict[str, Any]:
    if name == "cursor":
        return {"type": "string"}
    schema: dict[str, Any] = converter.field2property(field)
    return schema


def _header_params(endpoint: Endpoint) -> list[dict[str, Any]]:
    wanted = {
        ORGANISATION_HEADER: bool(endpoint.roles),
        "Idempotency-Key": endpoint.creates,
        "If-Match": endpoint.changes,
    }
    return [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
        for name, needed in wanted.items()
        if needed
    ]


def _success(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.answer is None:
        return {"description": "Done."}
    return {"description": "Done.", "content": {"application/json": {"schema": endpoint.answer}}}


def _content(component: str, description: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{component}"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}
