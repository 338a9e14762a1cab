"""From marshmallow's nested complaints to a flat list of field errors with dotted paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from schemas.contract import shared
from schemas.errors import MESSAGES
from schemas.fields import Complaint
from schemas.refusal import FieldError, Invalid

_MOST_ERRORS = 100
_LONGEST_PATH = 200  # a caller's unknown key may be a megabyte long


def load(schema: type[Schema], value: Any, *, whole: str = "body") -> dict[str, Any]:
    """`value` as `schema` reads it; raises Invalid, in which `whole` is the path of the value itself."""
    try:
        loaded: dict[str, Any] = shared(schema).load(value)
    except ValidationError as error:
        raise Invalid(*field_errors(error.messages, whole)) from None
    return loaded


def field_errors(messages: Any, whole: str = "body") -> list[FieldError]:
    """What is wrong, in the order of the schema's fields, the first hundred."""
    errors = [
        FieldError((path or whole)[:_LONGEST_PATH], *_code(complaint))
        for path, complaint in _flat(messages, "")
    ]
    return errors[:_MOST_ERRORS]


def _flat(messages: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _flat(inner, _joined(path, key))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _flat(inner, path)
    else:
        yield path, messages


def _joined(path: str, key: object) -> str:
    if key == "_schema":
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else str(key)


def _code(complaint: Any) -> tuple[str, dict[str, object]]:
    params = complaint.params if isinstance(complaint, Complaint) else {}
    code = str(complaint)
    return (code, params) if code in MESSAGES else ("invalid_value", {})
