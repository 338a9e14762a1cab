"""The trace id of the work at hand: made at the edge, carried through calls and events, in every log line."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_TRACE_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_current: ContextVar[str | None] = ContextVar("trace_id", default=None)


def current_trace() -> str | None:
    """The trace id of this greenlet's work, 32 hex digits; None outside of any."""
    return _current.get()


def new_trace() -> str:
    """A fresh trace id."""
    return uuid.uuid4().hex


@contextmanager
def tracing(trace_id: str | None) -> Iterator[str]:
    """Work under `trace_id`, or under a fresh one if it is missing or malformed."""
    ours = trace_id if trace_id and _TRACE_ID.fullmatch(trace_id) else new_trace()
    token = _current.set(ours)
    try:
        yield ours
    finally:
        _current.reset(token)


def from_traceparent(header: str | None) -> str | None:
    """The trace id in a W3C `traceparent` header; None if there is none or it is all zeros."""
    found = _TRACEPARENT.fullmatch(header or "")
    if not found or set(found["trace"]) == {"0"}:
        return None
    return found["trace"]
