"""The four commands on an expert's time, and the sweep of what has lapsed; docs/locking.md is the rule book.

Every command locks in one order, hold ids and then expert rows, both sorted, and expires what has lapsed on
the locked experts before it decides. Outcomes come back in the order of the items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from psycopg.errors import ExclusionViolation

from schemas.events.experts import EngagementState
from schemas.refusal import Refusal
from services.chassis import geo, outbox, region, sun
from services.chassis.store import Connection, savepoint
from services.experts import domain
from services.experts.domain import Appointment, Engagement, Limits, Outcome, Place, Window, Wish
from services.experts.storage import holds as storage
from services.experts.storage import profiles

_STATE = EngagementState()
SWEPT_AT_ONCE = 50


class _Roads:
    """The region's roads and its daylight in the domain's words."""

    def road_km(self, a: Place, b: Place) -> float:
        return region.ROADS.km(geo.Point(a.lat, a.lon), geo.Point(b.lat, b.lon))

    def travel_minutes(self, a: Place, b: Place, month: int) -> float:
        return region.ROADS.minutes(geo.Point(a.lat, a.lon), geo.Point(b.lat, b.lon), month)

    def daylight(self, place: Place, day: date) -> tuple[int, int]:
        return sun.daylight(geo.Point(place.lat, place.lon), day)


ROADS = _Roads()


@dataclass
class _Diary:
    """What a batch of wishes has to be judged by; kept current while the batch goes through."""

    known: dict[UUID, Engagement]
    limits: dict[UUID, Limits]
    windows: Mapping[UUID, Sequence[Window]]
    booked: dict[UUID, list[Appointment]] = field(default_factory=dict)

    def note(self, wish: Wish, appointment: Appointment) -> None:
        """Let later wishes of the batch see that this one was granted."""
        self.booked.setdefault(wish.resource_id, []).append(appointment)


def hold_many(
    conn: Connection, *, now: datetime, actor: outbox.Acting | None, wishes: Sequence[Wish]
) -> list[Outcome]:
    """Hold each wish's time, or say why not; a repeated wish gets the answer that it got."""
    storage.lock_hold_ids(conn, [wish.hold_id for wish in wishes])
    diary = _open_diary(conn, now, actor, wishes)
    outcomes = {wish.hold_id: _hold(conn, now, diary, wish) for wish in sorted(wishes, key=_by_expert)}
    fresh = [id_ for id_, out in outcomes.items() if out.outcome == "held" and id_ not in diary.known]
    _tell(conn, now, actor, "engagement_held", storage.engagements(conn, fresh).values())
    return [outcomes[wish.hold_id] for wish in wishes]


def extend_many(
    conn: Connection, *, now: datetime, actor: outbox.Acting | None, expiries: Mapping[UUID, datetime]
) -> list[Outcome]:
    """Move the expiry of live holds later; a confirmed one has none any more and is left alone."""
    known = _lock(conn, now, actor, expiries)
    outcomes = [_judge(hold_id, known, "extended") for hold_id in expiries]
    granted = _granted(outcomes)
    storage.extend(conn, {hold_id: expiries[hold_id] for hold_id in granted}, now)
    return outcomes


def confirm_many(
    conn: Connection, *, now: datetime, actor: outbox.Acting | None, hold_ids: Sequence[UUID]
) -> list[Outcome]:
    """Turn live holds into reservations, which no longer expire."""
    known = _lock(conn, now, actor, hold_ids)
    outcomes = [_judge(hold_id, known, "confirmed") for hold_id in hold_ids]
    moved = storage.move(conn, _granted(outcomes), of=["held"], to="confirmed", now=now)
    _tell(conn, now, actor, "engagement_confirmed", moved)
    return outcomes


def release_many(
    conn: Connection,
    *,
    now: datetime,
    actor: outbox.Acting | None,
    hold_ids: Sequence[UUID],
    reasons: Mapping[UUID, str | None],
) -> list[Outcome]:
    """Give holds and reservations back; what was never held is refused from now on. Never refused itself."""
    known = _lock(conn, now, actor, hold_ids)
    storage.bury(conn, [hold_id for hold_id in hold_ids if hold_id not in known], now)
    moved = storage.move(conn, hold_ids, of=domain.LIVE, to="released", now=now)
    _tell(conn, now, actor, "engagement_released", moved, reasons)
    return [Outcome(hold_id, "released") for hold_id in hold_ids]


def sweep(conn: Connection, *, now: datetime, actor: outbox.Acting | None, limit: int = SWEPT_AT_ONCE) -> int:
    """Expire what has lapsed of up to `limit` experts; returns how many engagements that were."""
    expert_ids = storage.experts_with_lapsed(conn, now, limit)
    storage.lock_experts(conn, expert_ids)
    return len(_expire(conn, now, actor, expert_ids))


# -- steps -------------------------------------------------------------------------------------------------


def _open_diary(
    conn: Connection, now: datetime, actor: outbox.Acting | None, wishes: Sequence[Wish]
) -> _Diary:
    expert_ids = {wish.resource_id for wish in wishes}
    limits = storage.lock_experts(conn, expert_ids)
    _expire(conn, now, actor, expert_ids)
    first, last = min(w.starts_at for w in wishes), max(w.starts_at for w in wishes)
    return _Diary(
        known=storage.engagements(conn, [wish.hold_id for wish in wishes]),
        limits=limits,
        windows=profiles.windows(conn, expert_ids),
        booked=storage.booked(conn, expert_ids, first, last),
    )


def _hold(conn: Connection, now: datetime, diary: _Diary, wish: Wish) -> Outcome:
    try:
        if known := diary.known.get(wish.hold_id):
            domain.check_again(known, wish)
        else:
            _hold_new(conn, now, diary, wish)
    except Refusal as refusal:
        return domain.refused(wish.hold_id, refusal)
    return Outcome(wish.hold_id, "held")


def _hold_new(conn: Connection, now: datetime, diary: _Diary, wish: Wish) -> None:
    wanted = domain.appointment(wish, now)
    limits = diary.limits.get(wish.resource_id)
    if limits is None:
        raise domain.ExpertUnknown()
    booked = diary.booked.get(wish.resource_id, [])
    domain.check_time(limits, diary.windows.get(wish.resource_id, []), booked, wanted, ROADS)
    try:
        with savepoint(conn):
            storage.insert_engagement(conn, wish, now)
    except ExclusionViolation:
        # Never seen while the expert's row is locked: the constraint stands for whoever forgets to lock it.
        raise domain.ExpertBusy() from None
    diary.note(wish, wanted)


def _lock(
    conn: Connection, now: datetime, actor: outbox.Acting | None, hold_ids: Iterable[UUID]
) -> dict[UUID, Engagement]:
    """Lock the holds and their experts, expire what has lapsed, and return how the holds stand."""
    storage.lock_hold_ids(conn, hold_ids)
    known = storage.engagements(conn, hold_ids)
    expert_ids = {e.expert_id for e in known.values() if e.expert_id}
    storage.lock_experts(conn, expert_ids)
    _expire(conn, now, actor, expert_ids)
    return storage.engagements(conn, hold_ids)


def _expire(
    conn: Connection, now: datetime, actor: outbox.Acting | None, expert_ids: Iterable[UUID]
) -> list[Engagement]:
    lapsed = storage.expire(conn, expert_ids, now)
    _tell(conn, now, actor, "engagement_expired", lapsed)
    return lapsed


def _judge(hold_id: UUID, known: Mapping[UUID, Engagement], word: str) -> Outcome:
    try:
        domain.check_live(known.get(hold_id))
    except Refusal as refusal:
        return domain.refused(hold_id, refusal)
    return Outcome(hold_id, word)


def _granted(outcomes: Iterable[Outcome]) -> list[UUID]:
    return [outcome.hold_id for outcome in outcomes if outcome.outcome != "refused"]


def _tell(
    conn: Connection,
    now: datetime,
    actor: outbox.Acting | None,
    event: str,
    changed: Iterable[Engagement],
    reasons: Mapping[UUID, str | None] | None = None,
) -> None:
    for engagement in changed:
        outbox.append(
            conn,
            owner="experts",
            now=now,
            type=event,
            aggregate="engagement",
            aggregate_id=engagement.hold_id,
            version=engagement.version,
            data=_STATE.dump(_public(engagement)),
            actor=actor,
            reason=(reasons or {}).get(engagement.hold_id),
        )


def _public(engagement: Engagement) -> dict[str, object]:
    return {**vars(engagement), "id": engagement.hold_id}


def _by_expert(wish: Wish) -> tuple[UUID, datetime]:
    return wish.resource_id, wish.starts_at
