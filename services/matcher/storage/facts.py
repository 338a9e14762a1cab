"""What others have told: one row per aggregate, the newest version kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from services.chassis.store import Connection

Row = dict[str, Any]
State = Mapping[str, Any]


class Kept(NamedTuple):
    """Where an aggregate's state is kept, and what of it."""

    table: str
    columns: Callable[[State], Row]


def keep(conn: Connection, aggregate: str, aggregate_id: UUID, version: int, state: State) -> bool:
    """Keep a state unless a newer one is known; return whether it was kept.

    A state that nobody here needs is not kept.
    """
    kept = KEPT.get(aggregate)
    if kept is None:
        return False
    row = {"id": aggregate_id, "version": version, **kept.columns(state)}
    return conn.execute(_upsert(kept.table, tuple(row)), row).rowcount == 1


@cache
def _upsert(table: str, columns: tuple[str, ...]) -> bytes:
    """The statement, put together once: that took a third of what keeping a fact costs."""
    changed = [sql.Identifier(name) for name in columns if name != "id"]
    return (
        sql.SQL(
            "insert into {table} as known ({names}) values ({values}) on conflict (id) do update"
            " set ({changed}) = row({newer}) where excluded.version > known.version"
        )
        .format(
            table=sql.Identifier(table),
            names=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(map(sql.Placeholder, columns)),
            changed=sql.SQL(", ").join(changed),
            newer=sql.SQL(", ").join(sql.SQL("excluded.") + name for name in changed),
        )
        .as_bytes()
    )


def _members(*names: str) -> Callable[[State], Row]:
    return lambda state: {name: state[name] for name in names}


def _request(state: State) -> Row:
    school = state["school"]
    return {
        **_members(
            "school_id", "round_id", "kind", "topics", "programme_id", "grades", "audience", "group_size",
            "distance_limit_km", "language", "language_required", "state", "submitted_at",
        )(state),
        **_members("stage", "adcode", "township", "lat", "lon", "enrolment", "rural", "auto_accept")(school),
        "school_name": school["name"],
        "with_expert": state.get("with_expert", False),
        "may_split": state.get("may_split", False),
        "class_name": state.get("class_name"),
        "may_join": state.get("may_join", True),
        "choices": Jsonb(state.get("choices", [])),
        "windows_ranked": state.get("windows_ranked", False),
        "windows": Jsonb(state["windows"]),
        "last_end": max(window["ends_at"] for window in state["windows"]),
    }  # fmt: skip


def _unit(state: State) -> Row:
    names = (
        "organisation_id", "name", "adcode", "lat", "lon", "min_dwell_days", "max_dwell_days", "setup_days",
        "topics", "grades", "languages", "min_group", "max_group", "travel_limit_km", "policy", "round_id",
        "state",
    )  # fmt: skip
    budget = state.get("km_budget")
    return {**_members(*names)(state), "km_budget": budget, "windows": Jsonb(state["windows"])}


def _expert(state: State) -> Row:
    names = (
        "user_id", "organisation_id", "name", "topics", "audiences", "grades", "languages", "adcode", "lat",
        "lon", "travel_limit_km", "cap_day", "cap_week", "cap_month", "state",
    )  # fmt: skip
    later = {
        "rest_minutes": state.get("rest_minutes", 0),
        "daylight_only": state.get("daylight_only", False),
    }
    return {**_members(*names)(state), **later, "availability": Jsonb(state["availability"])}


def _programme(state: State) -> Row:
    names = (
        "organisation_id", "venue_id", "unit_id", "kind", "title", "topics", "audiences", "grades",
        "languages", "min_group", "max_group", "duration_minutes", "place", "state",
    )  # fmt: skip
    return {**_members(*names)(state), "needs": Jsonb(state.get("needs", []))}


def _stop(state: State) -> Row:
    place = _members("lat", "lon")(state["place"])
    return _members("unit_id", "match_id", "starts_at", "ends_at", "occupied_from", "state")(state) | place


def _engagement(state: State) -> Row:
    place = _members("lat", "lon")(state["place"])
    return _members("expert_id", "match_id", "starts_at", "ends_at", "state")(state) | place


def _calendar(state: State) -> Row:
    return {"year": state["year"], "days": Jsonb(state["days"])}


def _terms(state: State) -> Row:
    return {"terms": Jsonb(state["terms"])}


KEPT: Mapping[str, Kept] = {
    "organisation": Kept("known_organisation", _members("kind", "name", "adcode")),
    "district": Kept("known_district", _members("adcode", "parent", "level", "name")),
    "school": Kept("known_school", _members("name", "auto_accept")),
    "request": Kept("known_request", _request),
    "venue": Kept(
        "known_venue",
        _members("organisation_id", "name", "kind", "adcode", "lat", "lon", "policy", "state"),
    ),
    "programme": Kept("known_programme", _programme),
    "shared_resource": Kept(
        "known_shared_resource", _members("organisation_id", "kind", "name", "number", "state")
    ),
    "slot": Kept(
        "known_slot",
        _members(
            "programme_id", "venue_id", "organisation_id", "starts_at", "ends_at", "seats", "free",
            "groups_limit", "groups_taken", "round_id", "state",
        ),
    ),
    "unit": Kept("known_unit", _unit),
    "stop": Kept("known_stop", _stop),
    "expert": Kept("known_expert", _expert),
    "engagement": Kept("known_engagement", _engagement),
    "calendar": Kept("known_calendar", _calendar),
    "terms": Kept("known_terms", _terms),
}  # fmt: skip


def parties(conn: Connection, request_id: UUID) -> Row | None:
    """What is known of a request's school: its id, and whether it accepts beforehand."""
    return conn.execute(
        "select r.school_id, coalesce(s.auto_accept, r.auto_accept) as auto_accept"
        "  from known_request r left join known_school s on s.id = r.school_id where r.id = %s",
        [request_id],
    ).fetchone()


def venue_policies(conn: Connection, venue_ids: list[UUID]) -> dict[UUID, Row]:
    """Owner and policy of venues."""
    rows = conn.execute("select id, organisation_id, policy from known_venue where id = any(%s)", [venue_ids])
    return {row["id"]: row for row in rows}


def unit_policies(conn: Connection, unit_ids: list[UUID]) -> dict[UUID, Row]:
    """Owner and policy of travelling units."""
    rows = conn.execute("select id, organisation_id, policy from known_unit where id = any(%s)", [unit_ids])
    return {row["id"]: row for row in rows}


def request(conn: Connection, request_id: UUID) -> Row | None:
    """One request as last heard of."""
    return conn.execute("select * from known_request where id = %s", [request_id]).fetchone()
