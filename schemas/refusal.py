"""The one base class of every refusal that a caller may see, and the refusals that no single owner has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Refusal(Exception):
    """A rule said no.

    `code` is stable and public; its texts and HTTP status stand in `schemas/errors/`. `field` names the
    member of the caller's input that it is about, dotted (`windows[0].starts_at`). `params` fill the text's
    placeholders and travel with the code over RPC, so they are JSON primitives. `beside` holds further
    members of the answer over HTTP, for who can do something with them: JSON too, none of a problem's own.
    """

    code: str = "refused"
    beside: Mapping[str, object] = MappingProxyType({})

    def __init__(self, *, field: str | None = None, **params: object) -> None:
        super().__init__(self.code)
        self.field = field
        self.params = params

    def __str__(self) -> str:
        where = f" at {self.field}" if self.field else ""
        return f"{self.code}{where}"


class FieldError(NamedTuple):
    """One thing wrong with one field of an input; `code` has its texts in `schemas/errors/`."""

    field: str
    code: str
    params: Mapping[str, object] = MappingProxyType({})


class Invalid(Refusal):
    """The input is well formed JSON but breaks one or several of its fields' rules."""

    code = "invalid"

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(field=errors[0].field if errors else None)
        self.errors = errors


class NotFound(Refusal):
    """There is no such thing, or the caller may not know that there is."""

    code = "not_found"


class Forbidden(Refusal):
    """The caller is known and may not do this."""

    code = "forbidden"


class Stale(Refusal):
    """The thing has changed since the caller read it."""

    code = "stale"


class Busy(Refusal):
    """Another transaction holds what is needed, or the pool is used up; the call may be made again soon."""

    code = "busy"


class Unavailable(Refusal):
    """Something this service stands on does not answer."""

    code = "unavailable"
