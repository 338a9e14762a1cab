"""What a provider's sessions share, on a real database: in rounds, at once, by hand and after an event."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from services.matcher import domain, solver
from services.matcher.engine.model import Use
from services.matcher.engine.pools import Pools
from services.matcher.storage import matches
from services.matcher.usecases import drafting, facts, mending
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases.drafting import Wanted
from services.matcher.usecases.minutes import minute
from services.matcher.usecases.offering import Party
from services.matcher.usecases.problem import leg_of, load
from tests.builders import asking, drafts, solves
from tests.builders import facts as told
from tests.builders.asking import answered, asks, match_of, verdict_of
from tests.builders.drafts import NOW, SOMEBODY, START
from tests.builders.heard import LATER, a_fact
from tests.builders.solves import DUE, keep
from tests.fixtures.scratch import Scratch

State = dict[str, Any]
DAY = timedelta(days=1)
COORDINATOR = Party(new_id(), new_id(), "coordinator", "150400", None)


@pytest.fixture
def store(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Every day has lessons, and each solve is one of a small problem."""
    made = scratch("matcher")
    with made.transaction() as conn:
        asking.a_calendar(conn)
    monkeypatch.setattr(solver, "solve", asking.openly)
    return made


class Museum:
    """A provider whose programmes each have a session a day and need a guide a group."""

    def __init__(self, conn: Connection, guides: int = 1) -> None:
        self.conn, self.organisation = conn, told.some_id()
        self.venue = told.venue("博物馆", self.organisation)
        self.guides = told.shared_resource("讲解员", self.organisation, number=guides)
        keep(conn, "venue", self.venue)
        keep(conn, "shared_resource", self.guides)

    def session(self, title: str, days: int = 0, **known: Any) -> State:
        """A session of 40 seats of a programme of its own, so many days after START."""
        needs = told.needing(self.guides)
        programme = told.programme(title, self.organisation, self.venue["id"], **needs)
        keep(self.conn, "programme", programme)
        slot = told.slot(programme, START + days * DAY, **{"seats": 40, "free": 40, **known})
        keep(self.conn, "slot", slot)
        return slot


def asked(conn: Connection, round_id: UUID, name: str, days: int = 1) -> UUID:
    """A request of 40 pupils for the days from START on."""
    end = START + (days - 1) * DAY + timedelta(hours=4)
    windows = [{"starts_at": told.iso(START), "ends_at": told.iso(end)}]
    state = told.request(told.school(name), round_id=str(round_id), windows=windows)
    keep(conn, "request", state)
    return UUID(state["id"])


def a_round(store: Store, *, guides: int, days: int = 1) -> tuple[UUID, list[UUID]]:
    """Two requests are drafted as far as two sessions of one time and these guides go."""
    with store.transaction() as conn:
        museum = Museum(conn, guides)
        museum.session("星空之下")
        museum.session("草原的岩石")
        round_id = solves.opened(conn)
        requests = [asked(conn, round_id, name, days) for name in ("第一小学", "第二小学")]
        lifecycle.close(conn, now=NOW, actor=SOMEBODY, round_id=round_id)
    assert asking.a_lane(store).turn()
    return round_id, requests


def drafted(store: Store, round_id: UUID) -> list[domain.Match]:
    """The drafts of a round."""
    with store.read() as conn:
        return matches.drafts(conn, [round_id])


def codes(store: Store, request_id: UUID | str) -> list[str]:
    """The reasons that a request was given."""
    return [reason["code"] for reason in verdict_of(store, {"id": str(request_id)})["reasons"]]


def test_one_guide_serves_one_of_two_sessions_of_a_time(store: Store) -> None:
    round_id, requests = a_round(store, guides=1)
    (served,) = (draft.request_id for draft in drafted(store, round_id))
    (unserved,) = (each for each in requests if each != served)
    assert codes(store, unserved) == ["no_guide"]


def test_two_guides_serve_both(store: Store) -> None:
    round_id, _ = a_round(store, guides=2)
    assert len(drafted(store, round_id)) == 2


def test_what_a_confirmed_match_has_counts_for_sessions_of_its_time(store: Store) -> None:
    with store.transaction() as conn:
        museum = Museum(conn)
        first = museum.session("星空之下")
        museum.session("草原的岩石")
        leg = _leg_in(first)
        drafts.a_draft(conn, state="confirmed", legs=(leg,), next_step_at=None)
        conn.execute("delete from known_slot where id = %s", [first["id"]])
    mine = asks(store, 40)
    answered(store)
    assert match_of(store, mine) is None
    assert codes(store, mine["id"]) == ["no_guide"]
    with store.read() as conn:
        (pool,) = load(conn, now=DUE, request_ids=[UUID(mine["id"])]).problem.pools
    assert (pool.limit, pool.code) == (1, "no_guide")
    assert pool.taken == (Use(pool.key, minute(leg.starts_at), minute(leg.ends_at)),)


def _leg_in(slot: State) -> domain.Leg:
    match_id = new_id()
    ids: State = {"resource_id": UUID(slot["id"]), "programme_id": UUID(slot["programme_id"])}
    return drafts.a_leg(match_id, **ids, state="reserved")


def test_an_unknown_resource_is_left_to_its_owner(store: Store) -> None:
    with store.transaction() as conn:
        museum = Museum(conn)
        conn.execute("delete from known_shared_resource")
        museum.session("星空之下")
    mine = asks(store, 40)
    answered(store)
    assert match_of(store, mine) is not None


def test_what_is_asked_at_once_leaves_a_draft_its_guide(store: Store) -> None:
    """The draft could be in the other session, but that has no guide either."""
    round_id, _ = a_round(store, guides=1)
    before = drafted(store, round_id)
    mine = asks(store, 40)
    answered(store)
    assert match_of(store, mine) is None
    assert drafted(store, round_id) == before
    assert codes(store, mine["id"]) == ["kept_for_round"]


def test_a_draft_by_hand_goes_where_a_guide_is(store: Store) -> None:
    round_id, _ = a_round(store, guides=1, days=2)
    with store.transaction() as conn:
        museum = Museum(conn)
        taken, free = museum.session("化石", 1, seats=80, free=80), museum.session("恐龙", 1)
        leg = _leg_in({**taken})
        later: State = {"starts_at": START + DAY, "ends_at": START + DAY + timedelta(minutes=90)}
        drafts.a_draft(conn, legs=(replace(leg, **later),), **later)
    (draft,) = drafted(store, round_id)
    with pytest.raises(domain.MoveImpossible) as refused:
        _move(store, draft, free)
    assert refused.value.params["codes"] == "no_guide"
    with store.transaction() as conn:
        conn.execute("update known_shared_resource set number = 2 where id = %s", [museum.guides["id"]])
    assert _move(store, draft, free).legs[0].resource_id == UUID(free["id"])


def _move(store: Store, draft: domain.Match, to: State) -> domain.Match:
    wanted = Wanted("slot", UUID(to["id"]))
    party: State = {"match_id": draft.id, "party": COORDINATOR, "wanted": wanted}
    with store.transaction() as conn:
        shown = drafting.preview(conn, **party, now=DUE, language="zh")["shown"]
        return drafting.move_by_hand(conn, **party, reason="校车当天不开", shown=shown, now=DUE)[0]


def test_a_draft_that_stays_keeps_its_guide_when_others_are_looked_after(store: Store) -> None:
    """Who lost a place finds seats in the other session of the draft's time, but no guide for them."""
    round_id, (first, second) = a_round(store, guides=1)
    (draft,) = drafted(store, round_id)
    lost = second if draft.request_id == first else first
    with store.transaction() as conn:
        gone = drafts.a_draft(conn, request_id=lost, round_id=round_id, next_step_at=None, state="cancelled")
        conn.execute(
            "insert into displaced (request_id, match_id, code, displaced_at) values (%s, %s, %s, %s)",
            [lost, gone.id, "slot_cancelled", NOW],
        )
        broken = mending.begin(conn, now=DUE)
    assert broken is not None
    assert not mending.mend(broken.firm()).repaired.moved
    answered(store)
    assert [each.request_id for each in drafted(store, round_id)] == [draft.request_id]


def test_more_guides_wake_who_waits(store: Store) -> None:
    with store.transaction() as conn:
        facts.hear(conn, [a_fact("catalog", "shared_resource_changed", new_id(), number=5)])
        row = conn.execute("select grown_at from capacity_growth").fetchone()
    assert row == {"grown_at": LATER}


def test_what_a_draft_takes_is_told_by_its_legs(store: Store) -> None:
    round_id, requests = a_round(store, guides=1)
    (draft,) = drafted(store, round_id)
    with store.read() as conn:
        problem = load(conn, now=DUE, request_ids=requests, ignoring=[round_id]).problem
    legs = [leg_of(draft.legs[0])]
    (use,) = Pools(problem, problem.roads).needed(legs)
    assert use == Use(problem.pools[0].key, legs[0].start, legs[0].end)
