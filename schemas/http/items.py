"""What a batch import answers, item by item: an item that is refused does not stop the others."""

from __future__ import annotations

from functools import cache

from marshmallow import Schema

from schemas.contract import Fact
from schemas.fields import Document, Int, ListOf, Nested, Text


class ItemRefusal(Fact):
    """Why an item was not taken; `message` is in the caller's language."""

    code = Text(required=True, max=60)
    field = Text(required=True, max=200, allow_none=True)
    message = Text(required=True, max=500)
    params = Document(required=True)


@cache
def imported(of: type[Schema]) -> type[Schema]:
    """The answer to a batch: counts, and per item its `index` and either what was made or the refusal."""
    name = of.__name__.removesuffix("View")
    members = {
        "index": Int(required=True, min=0),
        "made": Nested(of, required=True, allow_none=True),
        "refusal": Nested(ItemRefusal, required=True, allow_none=True),
    }
    item = type(f"{name}Imported", (Fact,), members)
    counts = {
        "made": Int(required=True, min=0),
        "refused": Int(required=True, min=0),
        "items": ListOf(Nested(item), required=True, max=500),
    }
    return type(f"{name}sImported", (Fact,), counts)
