"""Whose an offer is, and whether the asker keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from schemas.refusal import Forbidden, NotFound, Refusal, Stale
from services.catalog.domain.offers import OrganisationUnknown
from services.catalog.domain.rights import Mandate
from services.catalog.storage import projections
from services.chassis.store import Connection, savepoint

Row = dict[str, Any]
_T = TypeVar("_T")


def new_owner(conn: Connection, mandate: Mandate, named: UUID | None) -> UUID:
    """The organisation that something new is to belong to: the one named, or the asker's own.

    Raises OrganisationUnknown, also for one that the asker does not act for: which there are is private.
    """
    owner_id = named or mandate.organisation_id
    owner = projections.organisation(conn, owner_id) if owner_id else None
    if owner is None or not mandate.edits(owner["id"], owner["adcode"]):
        raise OrganisationUnknown(field="organisation_id")
    return UUID(str(owner["id"]))


def edits(conn: Connection, mandate: Mandate, owner_id: UUID) -> bool:
    """Whether the asker keeps this owner's offers."""
    owner = projections.organisation(conn, owner_id)
    return owner is not None and mandate.edits(owner["id"], owner["adcode"])


def require_editor(
    conn: Connection, mandate: Mandate, row: Mapping[str, Any] | None, *, public: bool
) -> None:
    """Refuse whoever does not keep this: Forbidden if everybody may see it, else NotFound."""
    if row is None:
        raise NotFound()
    if not edits(conn, mandate, row["organisation_id"]):
        raise Forbidden() if public else NotFound()


def require_version(row: Mapping[str, Any], if_version: int | None) -> None:
    """Refuse what is based on another version, also where it would change nothing; None is based on any."""
    if if_version is not None and if_version != row["version"]:
        raise Stale()


def one_by_one(
    conn: Connection, items: Iterable[Mapping[str, Any]], act: Callable[[Mapping[str, Any]], _T]
) -> list[_T | Refusal]:
    """What the act made of each item, or the refusal; a refused item leaves nothing behind."""
    return [_tried(conn, item, act) for item in items]


def _tried(conn: Connection, item: Mapping[str, Any], act: Callable[[Mapping[str, Any]], _T]) -> _T | Refusal:
    try:
        with savepoint(conn):
            return act(item)
    except Refusal as refusal:
        return refusal
