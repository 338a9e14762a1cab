"""Reading a call: its body within limits, its query by the schema's types, its If-Match."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Field, List
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from schemas import fields
from schemas.contract import shared
from schemas.refusal import FieldError, Invalid, Refusal
from services.chassis import complaints
from services.chassis.decoder import decode, is_text

BODY_LIMIT = 1024 * 1024
_JSON = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_ETAG = re.compile(r'(W/)?"(\d{1,18})"', re.ASCII)  # a proxy that compresses makes a strong tag weak


class BodyTooLarge(Refusal):
    """The body is over the limit, whatever it says."""

    code = "body_too_large"


class BodyIncomplete(Refusal):
    """Fewer bytes came than were announced."""

    code = "body_incomplete"


class UnsupportedMediaType(Refusal):
    """The body is not application/json in UTF-8."""

    code = "unsupported_media_type"


class MalformedHeader(Refusal):
    """A header that we need cannot be read."""

    code = "malformed_header"


class PreconditionRequired(Refusal):
    """A change came without saying which version it is based on."""

    code = "precondition_required"


def load_body(value: Any, schema: type[Schema] | None) -> dict[str, Any]:
    """The decoded body as `schema` reads it; without a schema only an empty body or `{}` passes."""
    if schema is not None:
        return complaints.load(schema, {} if value is None else value)
    if value not in (None, {}):
        raise Invalid(*(FieldError(str(key)[:200], "unknown_field") for key in _members(value)[:100]))
    return {}


def read_json(request: Request) -> Any:
    """The JSON value of the body, or None for an empty one; raises a refusal for everything else."""
    raw = _raw(request)
    if not raw:
        return None
    if not _JSON.fullmatch(request.headers.get("Content-Type", "")):
        raise UnsupportedMediaType()
    return decode(raw)


def read_query(arguments: MultiDict[str, str], schema: type[Schema] | None) -> dict[str, Any]:
    """The query as `schema` reads it: texts turned into the JSON type of their field first.

    A list may be repeated (`a=1&a=2`) or set off by commas; anything else may be given once.
    """
    known = _by_wire_name(schema) if schema else {}
    value = {name: _typed(known.get(name), name, given) for name, given in arguments.lists()}
    if schema is None:
        unknown = [FieldError(name[:200], "unknown_field") for name in list(value)[:100]]
        if unknown:
            raise Invalid(*unknown)
        return {}
    return complaints.load(schema, value, whole="query")


def read_if_match(header: str | None) -> int:
    """The version in `If-Match`; raises PreconditionRequired or MalformedHeader."""
    if not header:
        raise PreconditionRequired()
    found = _ETAG.fullmatch(header.strip())
    if not found:
        raise MalformedHeader(header="If-Match", field="If-Match")
    return int(found[2])


def _by_wire_name(schema: type[Schema]) -> Mapping[str, Field[Any]]:
    return {field.data_key or name: field for name, field in shared(schema).fields.items()}


def _raw(request: Request) -> bytes:
    length = request.content_length
    if length is None:
        return _chunked(request)
    if length > BODY_LIMIT:
        raise BodyTooLarge(limit=BODY_LIMIT)
    raw = _read(request, length)
    if len(raw) < length:
        raise BodyIncomplete()
    return raw


def _chunked(request: Request) -> bytes:
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return b""
    raw = _read(request, BODY_LIMIT + 1)
    if len(raw) > BODY_LIMIT:
        raise BodyTooLarge(limit=BODY_LIMIT)
    return raw


def _read(request: Request, length: int) -> bytes:
    try:
        raw: bytes = request.environ["wsgi.input"].read(length)
    except (OSError, ValueError):
        raise BodyIncomplete() from None
    return raw


def _members(value: Any) -> list[Any]:
    return list(value) if isinstance(value, dict) else ["body"]


def _typed(field: Field[Any] | None, name: str, given: list[str]) -> Any:
    for text in given:
        if not is_text(text) or not is_text(name):
            raise Invalid(FieldError(name[:200] if is_text(name) else "query", "invalid_characters"))
    if isinstance(field, List):
        return [_json_value(field.inner, item) for text in given for item in text.split(",") if item]
    if len(given) > 1:
        raise Invalid(FieldError(name[:200], "duplicate"))
    return _json_value(field, given[0])


def _json_value(field: Field[Any] | None, text: str) -> Any:
    for kind, read in _TYPES.items():
        if isinstance(field, kind):
            return read(text)
    return text


def _integer(text: str) -> int | str:
    return int(text) if _INTEGER.fullmatch(text) else text


def _number(text: str) -> float | str:
    return float(text) if _NUMBER.fullmatch(text) else text


def _flag(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text, text)


_TYPES: Mapping[type[Field[Any]], Callable[[str], Any]] = {
    fields.Int: _integer,
    fields.Number: _number,
    fields.Flag: _flag,
}
