"""What an HTTP endpoint promises, beside the code that keeps it: the OpenAPI document is made from this."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema

from schemas.codes import ROLES

PREFIX = "/api/v1"

ANY: frozenset[str] = frozenset(ROLES)
"""Any role, in the organisation that the call must name."""
SIGNED_IN: frozenset[str] = frozenset()
"""Any logged-in user; an organisation may be named but need not be."""


@dataclass(frozen=True)
class Endpoint:
    """One method at one path (without the common prefix), and what it takes and gives."""

    method: str
    path: str
    body: type[Schema] | None
    query: type[Schema] | None
    answer: type[Schema] | None
    roles: frozenset[str] | None
    status: int
    creates: bool
    changes: bool
    transaction: bool
    summary: str


def promises(service_class: type) -> list[Endpoint]:
    """The promises of a nameko class, by path and method."""
    members = (getattr(service_class, name) for name in dir(service_class))
    found = [
        promise for member in members if isinstance(promise := getattr(member, "endpoint", None), Endpoint)
    ]
    return sorted(found, key=lambda promise: (promise.path, promise.method))
