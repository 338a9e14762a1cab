"""Asking what if about a round, reading the answers and giving them up; for who oversees its area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from schemas import what_ifs as texts
from schemas.failures import failure_text
from schemas.reasons import Reason
from schemas.refusal import FieldError, Invalid, NotFound
from schemas.topics import TOPICS
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.storage import explanations, rounds
from services.matcher.storage import what_ifs as storage
from services.matcher.usecases import views
from services.matcher.usecases.offering import Party

Row = dict[str, Any]
MOST_WAITING = 5
USUAL_CAP_WEEK = 2
MEMBERS = (
    "kind", "factor", "percent", "number", "adcode", "venue_id", "organisation_id", "programme_id", "unit_id",
    "topic", "first_day", "last_day", "day", "cap_week",
)  # fmt: skip
_NAMED = ("venue_id", "organisation_id", "programme_id", "unit_id")
_WEEK = 7
_SIDES = ("base", "changed")
_BETWEEN = {
    (True, True): texts.FROM_TO,
    (True, False): texts.FROM,
    (False, True): texts.UNTIL,
    (False, False): texts.ALWAYS,
}


# -- asked


def ask(
    conn: Connection, party: Party, *, round_id: UUID, changes: Sequence[Row], now: datetime, language: str
) -> Row:
    """Queue a question about a round; the answer is worked out by the solver.

    Raises NotFound, Invalid, domain.WhatIfsWaiting, and the refusals of single changes, each with its field.
    """
    _overseen(conn, party, round_id)
    faults = [
        FieldError(f"changes[{number}].{name}", code)
        for number, change in enumerate(changes)
        for name, code in domain.change_faults(change)
    ]
    if faults:
        raise Invalid(*faults)
    checked = [_checked(conn, round_id, number, each, now) for number, each in enumerate(changes)]
    if storage.unanswered(conn, round_id) >= MOST_WAITING:
        raise domain.WhatIfsWaiting(max=MOST_WAITING)
    row: Row = {
        "id": new_id(),
        "round_id": round_id,
        "job_id": new_id(),
        "asked_at": now,
        "asked_by": party.user_id,
        "changes": checked,
        "at_once": _at_once(conn, round_id, checked),
    }
    rounds.queue(conn, job_id=row["job_id"], kind="what_if", round_id=None, now=now, not_before=now)
    storage.insert(conn, row)
    return _told(conn, _known(storage.get(conn, round_id, row["id"])), language)


def _overseen(conn: Connection, party: Party, round_id: UUID) -> Row:
    row = rounds.get(conn, round_id)
    if row is None or not views.oversees(party, row["adcode"]):
        raise NotFound()
    return row


def _checked(conn: Connection, round_id: UUID, at: int, asked: Row, now: datetime) -> Row:
    """The change as it is kept: plain JSON with every member, and the name of what it is about."""
    change = {**dict.fromkeys(MEMBERS), **asked}
    field = f"changes[{at}]"
    if change["kind"] in domain.ADDITIONS:
        change["number"] = change["number"] or 1
    if change["kind"] == "more_experts":
        change["cap_week"] = change["cap_week"] or USUAL_CAP_WEEK
    _check_days(change, field, now)
    _check_area(conn, round_id, change, field)
    title = _title(conn, change, field)
    if change["kind"] == "more_sessions" and not storage.is_given(
        conn, change["programme_id"], round_id, now
    ):
        raise domain.WhatIfNeverGiven(field=f"{field}.programme_id")
    return {**{name: _plain(value) for name, value in change.items()}, "title": title}


def _check_days(change: Row, field: str, now: datetime) -> None:
    today = now.astimezone(domain.SHANGHAI).date()
    for name in ("day", "last_day"):
        if change[name] and change[name] < today:
            raise domain.WhatIfDays(field=f"{field}.{name}")
    if change["first_day"] and change["last_day"] and change["last_day"] < change["first_day"]:
        raise domain.WhatIfDays(field=f"{field}.last_day")


def _check_area(conn: Connection, round_id: UUID, change: Row, field: str) -> None:
    adcode = change["adcode"]
    if adcode is None:
        return
    if storage.name_of(conn, "adcode", adcode) is None:
        raise domain.WhatIfUnknown(field=f"{field}.adcode")
    if change["kind"] == "demand" and not storage.asks_in(conn, round_id, f"{domain.area_trunk(adcode)}%"):
        raise domain.WhatIfNotAsked(field=f"{field}.adcode")
    if change["kind"] == "more_experts" and not storage.places_in(conn, round_id, adcode):
        raise domain.WhatIfUnknown(field=f"{field}.adcode")


def _title(conn: Connection, change: Row, field: str) -> str | None:
    for name in _NAMED:
        if change[name] is not None:
            title = storage.name_of(conn, name, change[name])
            if title is None:
                raise domain.WhatIfUnknown(field=f"{field}.{name}")
            return title
    return None


def _plain(value: object) -> object:
    return str(value) if isinstance(value, (UUID, date)) else value


def _at_once(conn: Connection, round_id: UUID, changes: Sequence[Row]) -> Row:
    """What one of each addition is worth by the prices of the round's last solve, if there are any."""
    priced_at = storage.priced_at(conn, round_id)
    if priced_at is None:
        return {"priced_at": None, "worths": []}
    worths = [
        {"change": number, **_worth(conn, round_id, change)}
        for number, change in enumerate(changes)
        if change["kind"] in domain.ADDITIONS
    ]
    return {"priced_at": priced_at.isoformat(), "worths": worths}


def _worth(conn: Connection, round_id: UUID, change: Row) -> Row:
    first, last = _priced_days(change)
    asked = {**change, "code": change["kind"], "first_day": first, "last_day": last}
    found = storage.worth(conn, round_id, asked)
    return (
        {"points": found["points"], "day": found["day"].isoformat()} if found else {"points": 0, "day": None}
    )


def _priced_days(change: Row) -> tuple[date, date] | tuple[None, None]:
    """The days that count: the one that is asked for, or its week from Monday for a unit."""
    if change["day"] is None:
        return None, None
    day = date.fromisoformat(change["day"])
    if change["kind"] != "more_unit_days":
        return day, day
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=_WEEK - 1)


# -- read and given up


def listed(
    conn: Connection, party: Party, *, round_id: UUID, after: UUID | None, limit: int, language: str
) -> list[Row]:
    """A round's questions with their answers, the newest first, one more than `limit`. Raises NotFound."""
    _overseen(conn, party, round_id)
    rows = storage.listed(conn, round_id, after=after, limit=limit)
    return [_told(conn, row, language) for row in rows]


def read(conn: Connection, party: Party, *, round_id: UUID, what_if_id: UUID, language: str) -> Row:
    """One question with its answer, or where that stands. Raises NotFound."""
    _overseen(conn, party, round_id)
    return _told(conn, _known(storage.get(conn, round_id, what_if_id)), language)


def table(conn: Connection, party: Party, *, round_id: UUID, what_if_id: UUID, language: str) -> list[Row]:
    """An answer's two sides by district, all together first. Raises NotFound and domain.WhatIfUnanswered."""
    result = read(conn, party, round_id=round_id, what_if_id=what_if_id, language=language)["result"]
    if result is None:
        raise domain.WhatIfUnanswered()
    districts = result["districts"]
    total = {side: _together([each[side] for each in districts]) for side in _SIDES}
    moved = result["moved"]
    rows = [_line(texts.EVERYWHERE.text(language), total, moved)]
    rows += [
        _line(each["name"], each, [some for some in moved if some["adcode"] == each["adcode"]])
        for each in districts
    ]
    return rows


def _together(shares: Sequence[Row]) -> Row:
    found: Row = {name: sum(each[name] for each in shares) for name in ("requests", "served", "people")}
    return {**found, "share": _share(found)}


def _line(name: str, sides: Row, moved: Sequence[Row]) -> Row:
    told = {f"{member}_{side}": value for side in _SIDES for member, value in sides[side].items()}
    more = sides["changed"]["served"] - sides["base"]["served"]
    schools = {f"schools_{way}": sum(each[way] for each in moved) for way in ("gain", "lose")}
    return {"name": name, **told, "served_more": more, **schools}


def cancel(
    conn: Connection, party: Party, *, round_id: UUID, what_if_id: UUID, now: datetime, language: str
) -> Row:
    """Give a question up that waits or is worked on. Raises NotFound and domain.WhatIfOver."""
    _overseen(conn, party, round_id)
    row = _known(storage.get(conn, round_id, what_if_id))
    if rounds.cancel_job(conn, row["job_id"], now) is None:
        raise domain.WhatIfOver()
    return _told(conn, _known(storage.get(conn, round_id, what_if_id)), language)


def _known(row: Row | None) -> Row:
    if row is None:
        raise NotFound()
    return row


# -- in words


def _told(conn: Connection, row: Row, language: str) -> Row:
    result = row["result"]
    names = explanations.district_names(conn, _adcodes(row["changes"], result))
    failure = row["failure"]
    return {
        **row,
        "changes": [{**each, "text": change_text(each, names, language)} for each in row["changes"]],
        "priced_at": _moment(row["at_once"]["priced_at"]),
        "at_once": [_worth_told(each, language) for each in row["at_once"]["worths"]],
        "progress": _progress(row),
        "failure_text": failure_text(failure, language) if failure else None,
        "result": _result(result, names, language) if result else None,
    }


def _adcodes(changes: Sequence[Row], result: Row | None) -> set[str]:
    found = {change["adcode"] for change in changes if change["adcode"]}
    return found | {row["adcode"] for part in ("districts", "moved") for row in (result or {}).get(part, ())}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _progress(row: Row) -> Row:
    told = {"side": None, **(views.progress(row) or {})}
    side, _, phase = (told["phase"] or "").rpartition(".")
    return {**told, "side": side or None, "phase": phase or None}


def _result(result: Row, names: Mapping[str, str], language: str) -> Row:
    return {
        **result,
        **{side: _side(result[side]) for side in _SIDES},
        "districts": [
            {**each, "name": names.get(each["adcode"], each["adcode"]), **_shares(each)}
            for each in result["districts"]
        ],
        "moved": [{**each, "name": names.get(each["adcode"], each["adcode"])} for each in result["moved"]],
        "additions": [{**each, "text": texts.SOLVED.text(language, **each)} for each in result["additions"]],
    }


def _side(side: Row) -> Row:
    return {**side, "gap": views.gap(side["value"], side["bound"]) or 0.0}


def _shares(district: Row) -> Row:
    return {side: {**district[side], "share": _share(district[side])} for side in _SIDES}


def _share(share: Row) -> float | None:
    return share["served"] / share["requests"] if share["requests"] else None


def _worth_told(worth: Row, language: str) -> Row:
    text = texts.AT_ONCE if worth["points"] else texts.NOTHING_AT_ONCE
    return {**worth, "text": text.text(language, **worth)}


def change_text(change: Row, names: Mapping[str, str], language: str) -> str:
    """What a change is, in words."""
    topic = TOPICS.get(change["topic"] or "")
    words = {
        **change,
        "factor": f"{change['factor'] or 0:g}",
        "topic": (topic.en if language == "en" else topic.zh) if topic else None,
        "area": names.get(change["adcode"] or "", change["adcode"]) or texts.EVERYWHERE.text(language),
        "days": _days(change, language),
    }
    return texts.CHANGES[change["kind"]].text(language, **words)


def _days(change: Row, language: str) -> str:
    given = {name: change[name] for name in ("day", "first_day", "last_day")}
    return _when(change).text(language, **given)


def _when(change: Row) -> Reason:
    if change["kind"] == "closed":
        return _BETWEEN[bool(change["first_day"]), bool(change["last_day"])]
    if change["day"]:
        return texts.IN_THE_WEEK if change["kind"] == "more_unit_days" else texts.ON
    return texts.ON_ALL_DAYS if change["kind"] == "more_experts" else texts.ON_THE_BEST_DAYS
