"""From rows to the engine's problem, and from the engine's options back to matches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from services.chassis import region
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.engine import model, weights
from services.matcher.engine.model import Busy, Kind, Place, Window
from services.matcher.engine.split import is_split
from services.matcher.roads import RegionRoads, RegionSun
from services.matcher.storage import pool, world
from services.matcher.usecases.lending import lent, needs_of
from services.matcher.usecases.minutes import minute, moment
from services.matcher.usecases.shared import shared, terms_from

Row = dict[str, Any]

_FIRST_DAY = date(1970, 1, 1)
_LESSONS = frozenset({"school_day", "makeup"})
# Venues for the smallest receive kindergartens only, and nobody else's programmes are asked for a stage.
_STAGES_BY_VENUE = {"preschool_place": frozenset({"K"})}
# Caps count whole months and weeks, so what was there before matters too.
_LOOK_BACK = timedelta(days=40)
_OWNERS = {"slot": "catalog", "unit": "catalog", "expert": "experts"}


@dataclass(frozen=True)
class World:
    """A problem, and the rows that its keys stand for; `pools_now` reads its pools anew."""

    problem: model.Problem
    requests: Mapping[model.Key, Row]
    resources: Mapping[tuple[Kind, model.Key], Row]
    programmes: Mapping[model.Key, Row]
    pools_now: Callable[[Connection], tuple[model.Pool, ...]] = lambda _: ()

    def match(
        self,
        option: model.Option,
        *,
        job_id: UUID | None,
        offer_hours: int,
        now: datetime,
        due: datetime | None = None,
        company_id: UUID | None = None,
    ) -> domain.Match:
        """The draft of a match that serves a request in this way; `due` hands it to the saga then.

        What is one's part of a company needs the `company_id` that all of it have.
        """
        request = self.requests[self.problem.wishes[option.wish].key]
        match_id = new_id()
        legs = tuple(self._leg(match_id, position, leg) for position, leg in enumerate(option.legs))
        return domain.Match(
            id=match_id,
            request_id=request["id"],
            round_id=request["round_id"],
            job_id=job_id,
            school_id=request["school_id"],
            school_name=request["school_name"],
            adcode=request["adcode"],
            township=request["township"],
            kind=request["kind"],
            title=self._title(option.legs),
            topics=tuple(request["topics"]),
            grades=tuple(request["grades"]),
            audience=request["audience"],
            group_size=request["group_size"],
            starts_at=min(leg.starts_at for leg in legs),
            ends_at=max(leg.ends_at for leg in legs),
            state="proposed",
            value=option.value,
            offer_hours=offer_hours,
            created_at=now,
            legs=legs,
            next_step_at=due,
            **(self._company(option, company_id) if company_id else {}),
        )

    def _company(self, option: model.Option, company_id: UUID) -> dict[str, Any]:
        return {
            "company_id": company_id,
            "company_groups": len(option.company),
            "company_people": sum(member.size for member in option.company),
            "company_least": self.programmes[option.legs[-1].programme]["min_group"],
        }

    def _title(self, legs: Sequence[model.Leg]) -> str:
        """The programme's title, of a group in parts that of most pupils; or what comes, or who."""
        experts_last = sorted(legs, key=lambda leg: leg.kind == "expert")
        if is_split(legs):
            return str(self.programmes[_most_seen(legs)]["title"])
        programme = self.programmes.get(experts_last[0].programme)
        resource = self.resources[experts_last[0].kind, experts_last[0].resource]
        return str(programme["title"] if programme else resource["name"])

    def _leg(self, match_id: UUID, position: int, leg: model.Leg) -> domain.Leg:
        resource = self.resources[leg.kind, leg.resource]
        leg_id = new_id()
        return domain.Leg(
            id=leg_id,
            position=position,
            owner=_OWNERS[leg.kind],
            resource_kind=leg.kind,
            resource_id=resource["id"],
            organisation_id=resource["organisation_id"],
            programme_id=leg.programme if isinstance(leg.programme, UUID) else None,
            venue_id=resource.get("venue_id"),
            starts_at=moment(leg.start),
            ends_at=moment(leg.end),
            occupied_from=moment(leg.occupied),
            quantity=leg.quantity,
            place=self._place(leg.place),
            hold_id=domain.hold_id(match_id, leg_id, 1),
            attempt=1,
            state="wanted",
        )

    def _place(self, place: Place) -> domain.Place:
        return domain.Place(place.lat, place.lon, self._areas[place])

    @cached_property
    def _areas(self) -> Mapping[tuple[float, float], str]:
        """The area of each place; where two rows share a place, that of the request."""
        located = (*self.resources.values(), *self.requests.values())
        return {(row["lat"], row["lon"]): row["adcode"] for row in located}


def load(
    conn: Connection,
    *,
    now: datetime,
    request_ids: Sequence[UUID],
    seed: str = "",
    salt: str = "",
    ignoring: Iterable[UUID] = (),
    without: Iterable[UUID] = (),
    undone: UUID | None = None,
    session_minutes: int = 60,
) -> World:
    """The problem of these requests as the world stands now.

    Drafts of the rounds `ignoring` take nothing, unless they were set by hand; nor do the matches `without`,
    nor anything of the round `undone` that was not set by hand.
    """
    but = world.NotCounted(list(ignoring), list(without), undone)
    requests = world.requests(conn, request_ids, but)
    rounds = sorted({row["round_id"] for row in requests if row["round_id"]})
    excluded = _excluded(pool.exclusions(conn, request_ids, now))
    slots = world.slots(conn, after=now, rounds=rounds, but=but)
    experts, units = world.experts(conn), world.units(conn)
    back = now - _LOOK_BACK
    engagements = _busy(world.engagements(conn, after=back, but=but))
    stops = _busy(world.stops(conn, after=back, but=but))
    programmes = {row["id"]: row for row in world.programmes(conn)}
    calendar = _Calendar(world.calendars(conn), world.terms(conn))
    areas = {row["adcode"] for row in requests}
    roads = RegionRoads(region.ROADS)
    common = shared(conn, requests, calendar.terms, roads, but)
    borrowed = lent(conn, programmes.values(), now, but)
    problem = model.Problem(
        wishes=tuple(
            _wish(row, now, excluded.get(row["id"], frozenset()), common.claims(row)) for row in requests
        ),
        programmes=_programmes(programmes.values(), slots, borrowed),
        slots=tuple(_slot(row) for row in slots),
        experts=tuple(_expert(row, engagements.get(row["id"], ())) for row in experts),
        units=tuple(_unit(row, stops.get(row["id"], ())) for row in units),
        roads=roads,
        sun=RegionSun(),
        lesson_days={area: calendar.lesson_days(area) for area in areas},
        known_days=calendar.known_days,
        earliest=minute(now + domain.SHORTEST_LEAD),
        seed=seed,
        salt=salt,
        session_minutes=session_minutes,
        pools=(*common.pools, *borrowed),
    )
    return World(
        problem=problem,
        requests={row["id"]: row for row in requests},
        resources={
            **{("slot", row["id"]): row for row in slots},
            **{("expert", row["id"]): row for row in experts},
            **{("unit", row["id"]): row for row in units},
        },
        programmes=programmes,
        pools_now=lambda conn: (
            *shared(conn, requests, calendar.terms, roads, but).pools,
            *lent(conn, programmes.values(), now, but),
        ),
    )


def _most_seen(legs: Sequence[model.Leg]) -> model.Key:
    """The programme that most of a group see, of equals the first."""
    people: dict[model.Key, int] = {}
    for leg in legs:
        people[leg.programme] = people.get(leg.programme, 0) + leg.quantity
    return max(people, key=lambda programme: people[programme])


def leg_of(leg: domain.Leg) -> model.Leg:
    """A match's leg as the engine sees it."""
    kind: Kind = leg.resource_kind  # type: ignore[assignment]  # one of the three, by the table's own check
    times = minute(leg.starts_at), minute(leg.ends_at), minute(leg.occupied_from)
    place = Place(leg.place.lat, leg.place.lon)
    return model.Leg(kind, leg.resource_id, leg.programme_id, *times, leg.quantity, place)


def _wish(
    row: Row, now: datetime, excluded: frozenset[tuple[Kind, model.Key]], claims: tuple[model.Claim, ...]
) -> model.Wish:
    return model.Wish(
        key=row["id"],
        kind=row["kind"],
        size=row["group_size"],
        place=Place(row["lat"], row["lon"]),
        area=row["adcode"],
        township=row["township"] or "",
        stage=row["stage"],
        windows=_windows(row["windows"]),
        topics=frozenset(row["topics"]),
        programme=row["programme_id"],
        grades=frozenset(row["grades"]),
        audience=row["audience"],
        limit_km=row["distance_limit_km"],
        language=row["language"],
        language_required=row["language_required"],
        with_expert=row["with_expert"],
        need=need_of(row, now),
        rounds=frozenset({None, row["round_id"]}),
        excluded=excluded,
        claims=claims,
        may_join=row["may_join"],
        may_split=row["may_split"],
        choices=tuple(_choice(each) for each in row["choices"]),
        window_order=_windows(row["windows"]) if row["windows_ranked"] else (),
    )


def _choice(choice: Mapping[str, str | None]) -> model.Choice:
    """A choice names one thing; what it does not name is null."""
    if topic := choice["topic"]:
        return model.Choice("topic", topic)
    if programme := choice["programme_id"]:
        return model.Choice("programme", UUID(programme))
    if venue := choice["venue_id"]:
        return model.Choice("venue", UUID(venue))
    return model.Choice("expert", UUID(choice["expert_id"]))


def need_of(request: Row, now: datetime) -> int:
    """The need of a request's school, in percent."""
    served = request["last_served"]
    days = max(0, (now - served).days) if served else None
    return weights.need(days_since_served=days, rural=request["rural"], enrolment=request["enrolment"])


def _windows(rows: Iterable[Mapping[str, str]]) -> tuple[Window, ...]:
    """Windows in minutes: rounded inwards, so that nothing begins before or ends after."""
    return tuple(_window(row["starts_at"], row["ends_at"]) for row in rows)


def _window(starts_at: str, ends_at: str) -> Window:
    start, end = datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at)
    return Window(minute(start + timedelta(seconds=59, microseconds=999_999)), minute(end))


def _excluded(rows: Iterable[Row]) -> dict[UUID, frozenset[tuple[Kind, model.Key]]]:
    found: dict[UUID, set[tuple[Kind, model.Key]]] = {}
    for row in rows:
        found.setdefault(row["request_id"], set()).add((row["resource_kind"], row["resource_id"]))
    return {request_id: frozenset(resources) for request_id, resources in found.items()}


def _programmes(
    rows: Iterable[Row], slots: Iterable[Row], lent: Sequence[model.Pool]
) -> dict[model.Key, model.Programme]:
    """Programmes with the stages that the venues of their slots receive, and their needs of what is lent."""
    stages = {row["programme_id"]: _STAGES_BY_VENUE.get(row["venue_kind"], frozenset()) for row in slots}
    return {
        row["id"]: _programme(row, stages.get(row["id"], frozenset()), needs_of(row, lent)) for row in rows
    }


def _programme(row: Row, stages: frozenset[str], needs: tuple[model.Need, ...]) -> model.Programme:
    return model.Programme(
        key=row["id"],
        kind=row["kind"],
        topics=frozenset(row["topics"]),
        audiences=frozenset(row["audiences"]),
        grades=frozenset(row["grades"]),
        stages=stages,
        languages=frozenset(row["languages"]),
        min_group=row["min_group"],
        max_group=row["max_group"],
        minutes=row["duration_minutes"],
        unit=row["unit_id"],
        online=row["place"] == "online",
        needs=needs,
    )


def _slot(row: Row) -> model.Slot:
    return model.Slot(
        key=row["id"],
        programme=row["programme_id"],
        place=Place(row["lat"], row["lon"]) if row["venue_id"] else None,
        start=minute(row["starts_at"]),
        end=minute(row["ends_at"]),
        seats=max(0, row["free"]),
        groups=row["groups_left"],
        round=row["round_id"],
        venue=row["venue_id"],
    )


def _expert(row: Row, busy: tuple[Busy, ...]) -> model.Expert:
    return model.Expert(
        key=row["id"],
        topics=frozenset(row["topics"]),
        home=Place(row["lat"], row["lon"]),
        windows=_windows(row["availability"]),
        audiences=frozenset(row["audiences"]),
        grades=frozenset(row["grades"]),
        languages=frozenset(row["languages"]),
        limit_km=row["travel_limit_km"],
        cap_day=row["cap_day"],
        cap_week=row["cap_week"],
        cap_month=row["cap_month"],
        rest_minutes=row["rest_minutes"],
        daylight_only=row["daylight_only"],
        busy=busy,
    )


def _unit(row: Row, busy: tuple[Busy, ...]) -> model.Unit:
    return model.Unit(
        key=row["id"],
        topics=frozenset(row["topics"]),
        base=Place(row["lat"], row["lon"]),
        min_days=row["min_dwell_days"],
        setup_days=row["setup_days"],
        grades=frozenset(row["grades"]),
        languages=frozenset(row["languages"]),
        min_group=row["min_group"],
        max_group=row["max_group"],
        limit_km=row["travel_limit_km"],
        windows=_windows(row["windows"]),
        round=row["round_id"],
        km_budget=row["km_budget"],
        busy=busy,
    )


def _busy(rows: Iterable[Row]) -> dict[UUID, tuple[Busy, ...]]:
    found: dict[UUID, list[Busy]] = {}
    for row in rows:
        taken = Busy(minute(row["starts_at"]), minute(row["ends_at"]), Place(row["lat"], row["lon"]))
        found.setdefault(row["resource_id"], []).append(taken)
    return {resource_id: tuple(taken) for resource_id, taken in found.items()}


class _Calendar:
    """Which days have lessons, by area."""

    def __init__(self, years: Iterable[Row], terms: Sequence[Mapping[str, Any]]) -> None:
        days = [day for year in years for day in year["days"]]
        self.known_days = frozenset(_day(day["day"]) for day in days)
        self._teaching = frozenset(_day(day["day"]) for day in days if day["kind"] in _LESSONS)
        self._terms = terms

    def lesson_days(self, adcode: str) -> frozenset[int]:
        """Days with lessons in a district: within its own terms, else those of the area above it, if any."""
        terms = self._terms_of(adcode)
        return frozenset(day for day in self._teaching if not terms or _within(day, terms))

    def terms(self, adcode: str) -> tuple[Window, ...]:
        """The terms of a district in which appointments are counted."""
        return terms_from(first for first, _ in self._terms_of(adcode))

    def _terms_of(self, adcode: str) -> list[tuple[int, int]]:
        for area in (adcode, adcode[:4] + "00", adcode[:2] + "0000"):
            found = [
                (_day(term["first_day"]), _day(term["last_day"]))
                for term in self._terms
                if term["adcode"] == area
            ]
            if found:
                return found
        return []


def _within(day: int, terms: Iterable[tuple[int, int]]) -> bool:
    return any(first <= day <= last for first, last in terms)


def _day(text: str) -> int:
    return (date.fromisoformat(text) - _FIRST_DAY).days
