"""What catalog's endpoints make of a call: who asks, what is changed, and which page is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.catalog.domain.rights import PUBLIC, Mandate, area_prefix
from services.chassis import http

KEEPERS = frozenset({"venue", "coordinator"})


def mandate(call: http.Call) -> Mandate:
    """Who asks, for whom; the public where nobody is logged in or no organisation is named."""
    acting = call.caller.acting if call.caller else None
    return Mandate(acting.organisation_id, acting.role, acting.area) if acting else PUBLIC


def act(call: http.Call) -> dict[str, Any]:
    """Who acts, and when."""
    return {"now": call.now, "mandate": mandate(call), "actor": call.actor}


def change(call: http.Call) -> dict[str, Any]:
    """What is to change, and the version that the change is based on."""
    return {**call.params, "if_version": call.if_match or 0, "change": call.body}


def bounds(call: http.Call, *, whole: bool = False) -> dict[str, Any]:
    """Where the page begins (by one key, or by the whole cursor), and one row more than it shows."""
    after = call.cursor if whole or not call.cursor else call.cursor[0]
    return {"after": after, "limit": call.query["limit"] + 1}


def ask(call: http.Call, *, whole: bool = False) -> dict[str, Any]:
    """The filters of a list, with its bounds."""
    given = {name: value for name, value in call.query.items() if name not in ("limit", "cursor", "adcode")}
    under = {"under": area_prefix(call.query["adcode"])} if "adcode" in call.query else {}
    return {"filters": given | under, **bounds(call, whole=whole)}


def by_id(call: http.Call, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A page of rows in order of id."""
    return http.page(rows, call.query["limit"], lambda row: [row["id"]])


def by_time(call: http.Call, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A page of rows in order of their start."""
    return http.page(rows, call.query["limit"], lambda row: [row["starts_at"], row["id"]])
