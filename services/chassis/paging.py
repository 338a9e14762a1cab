"""Pages of a list: a limit, and an opaque cursor that only we can make."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from schemas import fields
from schemas.contract import Input
from schemas.refusal import Refusal

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
_TAG_BYTES = 12
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "p": lambda value: value,
    "u": UUID,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
}

# A cursor is bound to the list that it came from: its sort keys mean nothing to another.
current_list: ContextVar[str] = ContextVar("current_list", default="")


class CursorInvalid(Refusal):
    """The cursor was not made here, or for another list."""

    code = "cursor_invalid"


class Cursor(fields.Strict):
    """The sort keys of the last item seen, as the values that `page` was given."""

    def read(self, value: Any) -> list[Any]:
        """Raises CursorInvalid, a refusal of its own and not one of the field."""
        return read_cursor(value) if isinstance(value, str) else _invalid()


class Paging(Input):
    """The query members of every list: `limit` (1 to 200, by default 50) and `cursor`."""

    limit = fields.Int(min=1, max=MAX_LIMIT, load_default=DEFAULT_LIMIT)
    cursor = Cursor(load_default=None)


def page(
    rows: Sequence[Mapping[str, Any]], limit: int, key: Callable[[Mapping[str, Any]], Sequence[Any]]
) -> dict[str, Any]:
    """`{items, next}` of `limit` items; `rows` is what a query for one more than `limit` found.

    `key` gives a row's sort keys (UUID, datetime, date, str, int, float or None), which the next call finds
    in `call.cursor`.
    """
    items = list(rows[:limit])
    more = len(rows) > limit
    return {"items": items, "next": make_cursor(key(items[-1])) if more else None}


def make_cursor(keys: Sequence[Any]) -> str:
    """An opaque text that `read_cursor` turns into `keys` again, in the same list."""
    body = json.dumps([_written(key) for key in keys], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_tag(body) + body).decode().rstrip("=")


def read_cursor(text: str) -> list[Any]:
    """The sort keys in a cursor; raises CursorInvalid unless this service made it for this list."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        _invalid()
    tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(body)):
        _invalid()
    return [_READERS[kind](value) for kind, value in json.loads(body)]


def _written(key: Any) -> list[Any]:
    if isinstance(key, UUID):
        return ["u", str(key)]
    if isinstance(key, datetime):
        return ["t", key.isoformat()]
    if isinstance(key, date):
        return ["d", key.isoformat()]
    return ["p", key]


def _tag(body: bytes) -> bytes:
    message = current_list.get().encode() + b"\0" + body
    return hmac.new(_secret(os.environ.get("AMQP_URL", "")), message, hashlib.sha256).digest()[:_TAG_BYTES]


@cache
def _secret(service_secret: str) -> bytes:
    # Every process of a service has the same address of the bus, with its password, and nobody else has it.
    return hashlib.sha256(b"cursor:" + service_secret.encode()).digest()


def _invalid() -> Any:
    raise CursorInvalid(field="cursor")
