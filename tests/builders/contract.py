"""What the served OpenAPI documents promise, as operations; values that fit a schema, and that must not."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]
PREFIX = "/api/v1"
#: A member of a body: the names and positions on the way to it.
Way = tuple[str | int, ...]


@dataclass(frozen=True)
class Operation:
    """One method at one path. `roles` None is public, empty is anybody who is logged in."""

    service: str
    method: str
    path: str
    roles: tuple[str, ...] | None
    body: Json | None
    query: Mapping[str, Json]
    creates: bool
    changes: bool

    @property
    def name(self) -> str:
        """As the tables of tests write it: `PATCH /slots/{slot_id}`."""
        return f"{self.method} {self.path}"

    def at(self, ids: Mapping[str, object]) -> str:
        """The path with its parameters filled in; KeyError names one that `ids` lacks."""
        return self.path.format_map({name: quote(str(value)) for name, value in ids.items()})


def operations(service: str, document: Json) -> list[Operation]:
    """Every operation of a document, its schemas free of references."""
    return [
        _operation(
            service, method.upper(), path.removeprefix(PREFIX), said, document["components"]["schemas"]
        )
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    ]


def _operation(service: str, method: str, path: str, said: Json, known: Json) -> Operation:
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    named = {(each["in"], each["name"]): each["schema"] for each in said["parameters"]}
    return Operation(
        service=service,
        method=method,
        path=path,
        roles=tuple(said["x-roles"]) if "security" in said else None,
        body=_whole(body, known) if body else None,
        query={name: _whole(schema, known) for (place, name), schema in named.items() if place == "query"},
        creates=("header", "Idempotency-Key") in named,
        changes=("header", "If-Match") in named,
    )


def _whole(schema: Json, known: Json) -> Json:
    """The schema with everything that it refers to in its place."""
    if "$ref" in schema:
        return _whole(known[schema["$ref"].rsplit("/", 1)[1]], known)
    for way in ("allOf", "anyOf"):
        if way in schema:
            return _whole(next(each for each in schema[way] if each.get("type") != "null"), known)
    whole = dict(schema)
    if "items" in whole:
        whole["items"] = _whole(whole["items"], known)
    if "properties" in whole:
        whole["properties"] = {name: _whole(each, known) for name, each in whole["properties"].items()}
    return whole


def kind_of(schema: Json) -> str:
    """The JSON type, or for a string its format where it has one."""
    given = schema.get("type", "object")
    kind = given if isinstance(given, str) else next(each for each in given if each != "null")
    return str(schema.get("format", kind)) if kind == "string" else kind


def sample(schema: Json) -> Any:
    """A value that the schema takes, with every member of every object."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = kind_of(schema)
    if kind == "object":
        return {name: sample(each) for name, each in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema["items"]) for _ in range(max(1, schema.get("minItems", 0)))]
    return _PLAIN.get(kind, _word)(schema)


def _word(schema: Json) -> str:
    return "aerospace"[: schema.get("maxLength", 9)].ljust(schema.get("minLength", 0), "e")


_PLAIN: Mapping[str, Any] = {
    "integer": lambda schema: schema.get("minimum", 1),
    "number": lambda schema: schema.get("minimum", 1),
    "boolean": lambda _: True,
    "uuid": lambda _: "0190163d-8694-739b-aea5-966c26f8ad91",
    "date-time": lambda _: "2027-05-11T01:00:00Z",
    "date": lambda _: "2027-05-11",
    "email": lambda _: "wang@example.org",
}


def wrongs(schema: Json, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    """Each member on the way down with a value that must be refused there."""
    for value in _wrong_values(schema):
        yield way, value
    kind = kind_of(schema)
    if kind == "object":
        yield (*way, "txet"), "unknown"
        for name, each in schema.get("properties", {}).items():
            yield from wrongs(each, (*way, name))
    elif kind == "array":
        yield from wrongs(schema["items"], (*way, 0))


def _wrong_values(schema: Json) -> Iterator[Any]:
    yield from ("no-such",) if "enum" in schema else _OF_KIND.get(kind_of(schema), _TEXTS)
    given = schema.get("type", "object")
    if "null" not in given and "object" not in given:
        yield None
    yield from _beyond_limits(schema)


_TEXTS = (5, True, ["a"], "a\0b", "a\ud800b", "a\u202eb")
_OF_KIND: Mapping[str, tuple[Any, ...]] = {
    "integer": (30.9, 30.0, "30", True, [30], 10**30),
    "number": ("0.5", True, {}, 10**30),
    "boolean": ("on", 1, "true"),
    "uuid": ("1", 7, "urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91"),
    "date-time": ("2027-05-11T09:00:00", "2027-02-30T09:00:00Z", "1999-12-31T00:00:00Z", 1777600000),
    "date": ("2027-02-30", "11.05.2027", 20270511),
    "email": ("a@b", 5),
    "array": ({}, "aerospace", 5),
    "object": (3, "text", []),
}


def _beyond_limits(schema: Json) -> Iterator[Any]:
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if schema.get("maxLength", 10_000) < 10_000 and "enum" not in schema:
        yield "长" * (schema["maxLength"] + 1)
    if schema.get("minLength", 0) and "enum" not in schema:
        yield " " * (schema["minLength"] - 1)
    if kind_of(schema) == "array":
        yield from _wrong_numbers(schema)


def _wrong_numbers(schema: Json) -> Iterator[list[Any]]:
    if schema.get("minItems"):
        yield []
    if schema.get("maxItems", 1000) < 1000:
        yield [sample(schema["items"])] * (schema["maxItems"] + 1)
    if schema.get("uniqueItems"):
        yield [sample(schema["items"])] * 2


def put(document: Any, way: Way, value: Any) -> Any:
    """A copy of `document` with `value` at the end of the way."""
    if not way:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    return changed


def written(way: Way) -> str:
    """The way as problems name it: `windows[0].starts_at`; the whole is `body`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way)
    return text.removeprefix(".") or "body"
