"""Strict fields: each takes exactly one JSON type, gives a Python value, and complains in codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields
from marshmallow.fields import Field, Nested

__all__ = [
    "Adcode",
    "Code",
    "Complaint",
    "Day",
    "Document",
    "Email",
    "Flag",
    "Id",
    "Instant",
    "Int",
    "Language",
    "Latitude",
    "ListOf",
    "Longitude",
    "Nested",
    "Number",
    "Secret",
    "Text",
]

LANGUAGES = ("zh", "mn", "en")
_INT_LIMIT = 2**53 - 1  # the largest integer that every JSON reader keeps exact
_NUMBER_LIMIT = 1e15
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?(?P<offset>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ADCODE = re.compile(r"\d{6}(\d{6})?", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
# Direction overrides let a text show other words than it holds.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Complaint(str):
    """A field error's code, with the params of its text."""

    __slots__ = ("params",)
    params: dict[str, object]

    def __new__(cls, code: str, **params: object) -> Complaint:
        complaint = super().__new__(cls, code)
        complaint.params = params
        return complaint


def complain(code: str, **params: object) -> ValidationError:
    """The marshmallow error that carries `code`."""
    return ValidationError(Complaint(code, **params))


class Strict(Field[Any]):
    """A field that says in `read` what it takes off the wire, and in `write` what it puts there."""

    def read(self, value: Any) -> Any:
        """The Python value of a JSON value; raises ValidationError with a code."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """The JSON value of a Python value that is not None."""
        return value

    def describe(self, **constraints: object) -> None:
        """Add to what the published contract says of this field."""
        self.metadata = {**constraints, **self.metadata}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return self.read(value)

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return None if value is None else self.write(value)


class Id(Strict):
    """A UUID in its canonical 36 characters."""

    def read(self, value: Any) -> UUID:
        if not _ID.fullmatch(_string(value)):
            raise complain("invalid_id")
        return UUID(value)

    def write(self, value: Any) -> str:
        return str(value)


class Text(Strict):
    """Text of `min` to `max` characters, counted after trimming and NFC; line breaks only if `lines`."""

    def __init__(self, *, max: int, min: int = 1, lines: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max, self.min, self.lines = max, min, lines
        self.describe(minLength=min, maxLength=max)

    def read(self, value: Any) -> str:
        text = _string(value).replace("\r\n", "\n") if self.lines else _string(value)
        return self.checked(unicodedata.normalize("NFC", text.strip()))

    def checked(self, text: str) -> str:
        """The text itself, if its characters and its length are right."""
        if not _is_text(text, self.lines):
            raise complain("invalid_characters")
        if len(text) > self.max:
            raise complain("too_long", max=self.max)
        if len(text) < self.min:
            raise complain("too_short", min=self.min)
        return text

    def write(self, value: Any) -> str:
        return str(value)


class Secret(Text):
    """A password or code: not trimmed and not normalised, never dumped."""

    def __init__(self, *, max: int, min: int = 1, **kwargs: Any) -> None:
        super().__init__(max=max, min=min, load_only=True, **kwargs)

    def read(self, value: Any) -> str:
        return self.checked(_string(value))


class Code(Strict):
    """One of a closed list of codes."""

    def __init__(self, choices: Iterable[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = tuple(choices)
        self.describe(enum=list(self.choices))

    def read(self, value: Any) -> str:
        if _string(value) not in self.choices:
            raise complain("invalid_choice", choices=", ".join(self.choices))
        return str(value)

    def write(self, value: Any) -> str:
        return str(value)


class Language(Code):
    """A language that programmes are held and people written to in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(LANGUAGES, **kwargs)


class Int(Strict):
    """A JSON integer: no fraction, no string, no boolean."""

    def __init__(self, *, min: int | None = None, max: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.min, self.max = min, max
        self.describe(**_limits(min, max))

    def read(self, value: Any) -> int:
        if type(value) is not int:
            raise complain("invalid_type")
        _check_limits(value, self.min, self.max)
        if not -_INT_LIMIT <= value <= _INT_LIMIT:
            raise complain("invalid_value")
        return value

    def write(self, value: Any) -> int:
        return int(value)


class Number(Strict):
    """A finite JSON number, given as a float."""

    def __init__(self, *, min: float | None = None, max: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.min, self.max = min, max
        self.describe(**_limits(min, max))

    def read(self, value: Any) -> float:
        if type(value) not in (int, float):
            raise complain("invalid_type")
        _check_limits(value, self.min, self.max)
        if not -_NUMBER_LIMIT <= value <= _NUMBER_LIMIT:
            raise complain("invalid_value")
        return float(value)

    def write(self, value: Any) -> float:
        return float(value)


class Latitude(Number):
    """Degrees north, WGS 84."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=-90.0, max=90.0, **kwargs)


class Longitude(Number):
    """Degrees east, WGS 84."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=-180.0, max=180.0, **kwargs)


class Flag(Strict):
    """True or false, and nothing that merely looks so."""

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise complain("invalid_type")
        return value

    def write(self, value: Any) -> bool:
        return bool(value)


class Instant(Strict):
    """A moment: an RFC 3339 time with its offset, given as an aware datetime in UTC, dumped with `Z`."""

    def read(self, value: Any) -> datetime:
        return parse_instant(_string(value))

    def write(self, value: Any) -> str:
        return dump_instant(value)


class Day(Strict):
    """A calendar day, `YYYY-MM-DD`."""

    def read(self, value: Any) -> date:
        return parse_day(_string(value))

    def write(self, value: Any) -> str:
        return value if isinstance(value, str) else str(value.isoformat())


class Adcode(Strict):
    """A division code of 6 digits (city, district) or 12 (township)."""

    def read(self, value: Any) -> str:
        if not _ADCODE.fullmatch(_string(value)):
            raise complain("invalid_adcode")
        return str(value)

    def write(self, value: Any) -> str:
        return str(value)


class Email(Strict):
    """An e-mail address of the plain kind, at most 254 characters."""

    def read(self, value: Any) -> str:
        if len(_string(value)) > 254 or not _EMAIL.fullmatch(value):
            raise complain("invalid_email")
        return str(value)


class Document(Strict):
    """A JSON object whose members are nobody's business here."""

    def read(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise complain("invalid_type")
        return value


class ListOf(fields.List[Any]):
    """A JSON array of `min` to `max` items, counted before they are read; with `unique`, no item twice."""

    def __init__(
        self,
        inner: Field[Any] | type[Field[Any]],
        *,
        max: int,
        min: int = 0,
        unique: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(inner, **kwargs)
        self.max, self.min, self.unique = max, min, unique
        self.metadata = {"minItems": min, "maxItems": max, "uniqueItems": unique, **self.metadata}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise complain("invalid_type")
        if len(value) > self.max:
            raise complain("too_many", max=self.max)
        if len(value) < self.min:
            raise complain("too_few", min=self.min)
        items: list[Any] = super()._deserialize(value, *args, **kwargs)
        if self.unique and _has_twins(items):
            raise complain("duplicate")
        return items


def parse_instant(text: str) -> datetime:
    """The moment that an RFC 3339 text names, in UTC; raises ValidationError with a code."""
    found = _INSTANT.fullmatch(text)
    if not found:
        raise complain("invalid_time")
    if not found["offset"]:
        raise complain("naive_time")
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise complain("invalid_time") from None
    if not _FIRST <= moment < _LAST:
        raise complain("time_out_of_range")
    return moment


def dump_instant(moment: datetime | str) -> str:
    """RFC 3339 in UTC with `Z`; raises ValueError for a naive datetime. What was dumped before passes."""
    if isinstance(moment, str):
        return moment
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place on the wire")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_day(text: str) -> date:
    """The day that a `YYYY-MM-DD` text names; raises ValidationError with a code."""
    if not _DAY.fullmatch(text):
        raise complain("invalid_day")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise complain("invalid_day") from None
    if not _FIRST.date() <= day < _LAST.date():
        raise complain("time_out_of_range")
    return day


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise complain("invalid_type")
    return value


def _is_text(value: str, lines: bool) -> bool:
    return all((lines and char in "\n\t") or _is_letterlike(char) for char in value)


def _is_letterlike(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cs") and char not in _OVERRIDES


def _check_limits(value: float, least: float | None, most: float | None) -> None:
    if least is not None and value < least:
        raise complain("too_small", min=least)
    if most is not None and value > most:
        raise complain("too_large", max=most)


def _limits(least: float | None, most: float | None) -> dict[str, object]:
    limits = {"minimum": least, "maximum": most}
    return {key: limit for key, limit in limits.items() if limit is not None}


def _has_twins(items: list[Any]) -> bool:
    try:
        return len(set(items)) < len(items)
    except TypeError:
        return any(item in items[:position] for position, item in enumerate(items))
