"""JSON as callers may send it: what Python's decoder lets through, this one refuses by name."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from schemas.refusal import FieldError, Invalid, Refusal

MAX_DEPTH = 32
_MAX_DIGITS = 100  # more digits than any number we mean, fewer than make int() slow or refuse
# A string (closed or not, so that one pass is enough whatever is sent) or a bracket.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class MalformedJson(Refusal):
    """The text is not JSON; `position` counts characters."""

    code = "malformed_json"


class NotUtf8(Refusal):
    """The bytes are not UTF-8."""

    code = "not_utf8"


class DuplicateKey(Refusal):
    """One object names the same member twice."""

    code = "duplicate_key"


class JsonTooDeep(Refusal):
    """Arrays and objects are nested more than MAX_DEPTH deep."""

    code = "json_too_deep"


class NumberOutOfRange(Refusal):
    """A number that no field could hold: endless digits, infinity, or not a number."""

    code = "number_out_of_range"


def decode(raw: bytes) -> Any:
    """The value that `raw` holds; raises one of the refusals above, or Invalid for a text that is no text."""
    text = _text(raw)
    _check_depth(text)
    value = _parse(text)
    if "\\u" in text:
        _check_texts(value)
    return value


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise NotUtf8() from None


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += _step(token.group()[0])
        if depth > MAX_DEPTH:
            raise JsonTooDeep(max=MAX_DEPTH)


def _step(token: str) -> int:
    return (token in "[{") - (token in "]}")


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedJson(position=error.pos) from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise DuplicateKey(field=_repeated(pairs))
    return members


def _repeated(pairs: list[tuple[str, Any]]) -> str | None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key if is_text(key) else None
        seen.add(key)
    return None


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise NumberOutOfRange()
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NumberOutOfRange()
    return number


def _constant(_: str) -> None:
    raise NumberOutOfRange()


def _check_texts(value: Any) -> None:
    for path, text in _texts(value):
        if not is_text(text):
            raise Invalid(FieldError(path or "body", "invalid_characters"))


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in `value` with its path (a key has its object's); the depth was checked before."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _texts(item, f"{path}[{position}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            yield from _texts(item, f"{path}.{key}" if path else key)


def is_text(text: str) -> bool:
    """Whether `text` holds neither NUL nor half of a surrogate pair, so that UTF-8 and PostgreSQL take it."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
