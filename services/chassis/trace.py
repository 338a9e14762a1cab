"""The trace that the present work belongs to: one id from the edge through every event that follows from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from secrets import token_hex

_trace: ContextVar[str | None] = ContextVar("trace_id", default=None)


def current_trace() -> str | None:
    """Return the id of the running trace: 32 hexadecimal digits, or None outside any."""
    return _trace.get()


def new_trace() -> str:
    """Return a fresh trace id in W3C's form; sets nothing."""
    return token_hex(16)


@contextmanager
def tracing(trace_id: str | None) -> Iterator[str]:
    """Run the block inside this trace, or inside a new one if there is none; yields its id."""
    chosen = trace_id or new_trace()
    token = _trace.set(chosen)
    try:
        yield chosen
    finally:
        _trace.reset(token)
