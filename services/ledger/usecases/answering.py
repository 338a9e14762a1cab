"""Answers from the ledger: entries, coverage, never-served schools, the trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from schemas.refusal import Forbidden, NotFound
from services.chassis.auth import Caller
from services.chassis.store import Connection
from services.ledger import domain
from services.ledger.domain import Period, Scope
from services.ledger.storage import coverage as counting
from services.ledger.storage import entries as storage

Row = dict[str, Any]


def scope_of(caller: Caller) -> Scope:
    """What a caller may see: coordinators their area, everybody else what they take part in."""
    if caller.role == "coordinator" and caller.area is not None:
        return Scope(area=domain.area_prefix(caller.area))
    if caller.role == "expert" and caller.expert_id is not None:
        return Scope(expert_id=caller.expert_id)
    return Scope(organisation_id=caller.organisation_id)


def trail_scope(caller: Caller) -> Scope:
    """As `scope_of`, except that an operator, who keeps the system running, sees every technical act."""
    return Scope(area="") if caller.role == "operator" else scope_of(caller)


def coverage(conn: Connection, *, scope: Scope, dimension: str, basis: str, period: Period) -> dict[str, Any]:
    """Coverage of the scope's schools by one dimension, with the totals."""
    states = domain.COUNTED[basis]
    total = _figures(counting.totals(conn, scope=scope, period=period, states=states))
    if dimension in domain.SCHOOL_DIMENSIONS:
        rows = counting.by_trait(conn, dimension, scope=scope, period=period, states=states)
        figures = [_figures(row) for row in rows]
    else:
        rows = counting.by_aspect(conn, dimension, scope=scope, period=period, states=states)
        grades = counting.pupils_by_grade(conn, scope=scope) if dimension == "grade" else None
        figures = _against(rows, grades, total)
    return {"by": dimension, "basis": basis, "rows": figures, "total": total}


def _against(rows: Sequence[Row], grades: Mapping[str, Row] | None, total: Row) -> list[Row]:
    """Counts of activities beside the schools and pupils there are: of the grade, or of the whole scope."""
    if grades is None:
        return [_figures({**row, "schools": total["schools"], "pupils": total["pupils"]}) for row in rows]
    done = {row["value"]: row for row in rows}
    values = sorted({*done, *grades}, key=int)
    return [_figures({**_NOTHING, "value": v, **grades.get(v, {}), **done.get(v, {})}) for v in values]


_NOTHING: Row = {"schools": 0, "pupils": 0, "activities": 0, "served": 0, "reached": 0, "name": None}


def _figures(row: Mapping[str, Any]) -> Row:
    schools, pupils, served = int(row["schools"]), int(row["pupils"]), int(row["served"])
    return {
        "value": row.get("value"),
        "name": row.get("name"),
        "schools": schools,
        "served": served,
        "never_served": max(0, schools - served),
        "served_share": domain.share(served, schools),
        "pupils": pupils,
        "activities": int(row["activities"]),
        "reached": int(row["reached"]),
        "per_thousand": domain.per_thousand(int(row["reached"]), pupils),
    }


def comparison(conn: Connection, *, caller: Caller, basis: str, period: Period) -> dict[str, Any]:
    """Which of a coordinator's areas to lift and which is covered best; nobody else is told.

    A city compares its districts, a district its townships.
    """
    scope = scope_of(caller)
    if not scope.covers_schools or scope.area is None:
        raise Forbidden
    dimension = "district" if len(scope.area) < len("150402") else "township"
    found = coverage(conn, scope=scope, dimension=dimension, basis=basis, period=period)
    rows = [row for row in found["rows"] if row["value"]]
    return {
        "by": dimension,
        "basis": basis,
        "total": found["total"],
        "to_lift": domain.to_lift(rows),
        "best_covered": domain.best_covered(rows),
    }


def totals(conn: Connection, *, basis: str, period: Period) -> Row:
    """Figures of the whole region, for everybody: no area and no school can be told from them."""
    row = counting.totals(conn, scope=Scope(area=""), period=period, states=domain.COUNTED[basis])
    return {**_figures(row), "basis": basis}


def never_served(
    conn: Connection, *, scope: Scope, basis: str, period: Period, after: Sequence[Any] | None, limit: int
) -> list[Row]:
    """Schools that nothing was done for; a school learns only about itself. One more than `limit`."""
    if scope.expert_id is not None:
        return []
    return counting.never_served(
        conn, scope=scope, period=period, states=domain.COUNTED[basis], after=after, limit=limit + 1
    )


def entries(
    conn: Connection,
    *,
    scope: Scope,
    period: Period,
    filters: Mapping[str, Any],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """The scope's entries, newest first; one more than `limit`."""
    given = {name: filters.get(name) for name in ("state", "kind", "school_id", "topic")}
    district = filters.get("district")
    given["district"] = domain.area_prefix(district) + "%" if district else None
    return storage.listed(conn, scope=scope, period=period, filters=given, after=after, limit=limit + 1)


def entry(conn: Connection, match_id: UUID, *, scope: Scope) -> Row:
    """One entry with every act that led to it; NotFound where the scope may not see it."""
    found = storage.find(conn, match_id, scope=scope)
    if found is None:
        raise NotFound
    return {**found, "acts": storage.trail_of_match(conn, match_id)}


def trail(
    conn: Connection,
    *,
    scope: Scope,
    period: Period,
    filters: Mapping[str, Any],
    after: Sequence[Any] | None,
    limit: int,
    with_data: bool = False,
) -> list[Row]:
    """Acts, newest first; one more than `limit`."""
    given = {name: filters.get(name) for name in TRAIL_FILTERS}
    return storage.trail(
        conn, scope=scope, period=period, filters=given, after=after, limit=limit + 1, with_data=with_data
    )


TRAIL_FILTERS = ("owner", "aggregate", "aggregate_id", "type", "match", "actor", "trace_id")
