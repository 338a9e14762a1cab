"""The three kinds of schema: what callers may send, what owners publish, and a page of things."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema
from marshmallow import fields as plain
from marshmallow.fields import Field

# marshmallow's own messages are English sentences; the wire carries codes, the edge adds the words.
_CODES: Mapping[str, str] = {
    "required": "required",
    "null": "not_null",
    "validator_failed": "invalid_value",
    "type": "invalid_type",
    "invalid": "invalid_type",
    "invalid_utf8": "invalid_characters",
}
_SCHEMA_CODES: dict[str, str] = {"unknown": "unknown_field", "type": "invalid_type"}


class Coded(Schema):
    """A schema whose complaints are codes of `schemas/errors/`, whatever fields it is made of."""

    error_messages = _SCHEMA_CODES

    def on_bind_field(self, _: str, field_obj: Field[Any]) -> None:
        """Replace the field's stock sentences by codes."""
        known = field_obj.error_messages
        known.update({key: code for key, code in _CODES.items() if key in known and " " in str(known[key])})


class Input(Coded):
    """What a caller sends (HTTP bodies, queries, RPC requests): an unknown field is refused."""

    class Meta:
        unknown = RAISE


class Fact(Coded):
    """What an owner publishes (events, RPC answers, views): a reader ignores fields it does not know."""

    class Meta:
        unknown = EXCLUDE


@cache
def shared(kind: type[Schema]) -> Schema:
    """The one instance of a schema that everybody loads and dumps with.

    Making one copies all its fields: for a small body that took longer than everything else in a call.
    """
    return kind()


@cache
def page(of: type[Schema]) -> type[Schema]:
    """The schema of one page of `of`: `{items, next}`, `next` being the cursor of the page after, or null."""
    name = f"{of.__name__.removesuffix('Schema')}Page"
    members = {
        "items": plain.List(plain.Nested(of), required=True),
        "next": plain.String(allow_none=True, required=True),
    }
    return type(name, (Fact,), members)
