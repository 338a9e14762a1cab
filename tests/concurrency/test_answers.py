"""Two hands on one match: each race first shown with its guards off, then closed.

The guards are the match's row lock, the compare-and-set of every move, and the outbox's contiguous versions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from schemas.refusal import Refusal
from services.chassis import outbox
from services.chassis.store import Connection, Store
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.storage import matches
from services.matcher.usecases import moves, offering, saga
from tests.builders import drafts
from tests.builders.drafts import NOW, SOMEBODY
from tests.concurrency.parallel import together
from tests.fixtures.scratch import Scratch

LATER = NOW + timedelta(hours=1)
OVER = NOW + timedelta(hours=49)
Act = Callable[[Connection], Any]


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    return scratch("matcher", connections=12)


@pytest.fixture
def lower_guards(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on: no lock, no compare, no versions; and each of two reads before either writes."""
    meeting = Barrier(2)

    def read_together(conn: Connection, match_id: Any) -> Match | None:
        found = matches.get(conn, match_id)
        meeting.wait(10)
        return found

    def lower() -> None:
        monkeypatch.setattr(matches, "lock", read_together)
        monkeypatch.setattr(matches, "save", _blind_save)
        monkeypatch.setattr(outbox, "append", lambda *_, **__: None)

    return lower


def _blind_save(conn: Connection, before: Match, after: Match) -> bool:
    ended_by = Jsonb(dict(after.ended_by)) if after.ended_by else None
    conn.execute(
        "update matches set state = %s, ending = %s, ended_by = %s where id = %s",
        [after.state, after.ending, ended_by, after.id],
    )
    return True


def _outcomes(store: Store, *acts: Act) -> list[str]:
    """What each act came to: the state that it believes it has reached, or the code of its refusal."""
    return together([lambda act=act: _outcome(store, act) for act in acts])  # type: ignore[misc]


def _outcome(store: Store, act: Act) -> str:
    try:
        with store.transaction() as conn:
            reached = act(conn)
        return str(reached.state if isinstance(reached, Match) else reached)
    except Refusal as refusal:
        return refusal.code


def _an_offer(store: Store, *parties: str) -> Match:
    with store.transaction() as conn:
        return drafts.an_offer(conn, parties=parties or ("school",))


def _answering(match: Match, said: str) -> Act:
    return lambda conn: offering.answer(
        conn,
        match_id=match.id,
        party=drafts.the_school(match),
        said=said,
        reason="改期",
        now=LATER,
        actor=SOMEBODY,
    )


def _cancelling(match: Match) -> Act:
    return lambda conn: offering.cancel(
        conn, match_id=match.id, party=drafts.the_school(match), reason="停课", now=LATER, actor=SOMEBODY
    )


def _state(store: Store, match: Match) -> tuple[str, str | None]:
    with store.read() as conn:
        return drafts.state_of(conn, match)


def test_without_guards_one_offer_is_accepted_and_declined(
    store: Store, lower_guards: Callable[[], None]
) -> None:
    match = _an_offer(store)
    lower_guards()
    assert sorted(_outcomes(store, _answering(match, "accept"), _answering(match, "decline"))) == [
        "confirming",
        "releasing",
    ]


def test_of_two_answers_to_one_offer_one_counts(store: Store) -> None:
    for _ in range(8):
        match = _an_offer(store)
        outcomes = _outcomes(store, *(_answering(match, said) for said in ("accept", "decline") * 3))
        counted = Counter(outcomes)
        assert counted["already_answered"] == 5, counted
        assert counted["confirming"] + counted["releasing"] == 1
        assert _state(store, match)[0] in ("confirming", "releasing")


def test_answers_of_two_parties_at_once_both_count(store: Store) -> None:
    match = _an_offer(store, "school", "venue")
    venue: Act = lambda conn: offering.answer(  # noqa: E731
        conn,
        match_id=match.id,
        party=drafts.the_venue(match),
        said="accept",
        reason=None,
        now=LATER,
        actor=SOMEBODY,
    )
    assert sorted(_outcomes(store, _answering(match, "accept"), venue)) == ["confirming", "offered"]
    assert _state(store, match) == ("confirming", None)


def _expiring(match: Match) -> Act:
    def expire(conn: Connection) -> Match:
        found = matches.lock(conn, match.id)
        assert found is not None
        return moves.end(conn, found, "expired", now=OVER, code="offer_expired") or found

    return expire


def test_without_guards_an_offer_expires_and_is_confirmed(
    store: Store, lower_guards: Callable[[], None]
) -> None:
    match = _an_offer(store)
    lower_guards()
    assert sorted(_outcomes(store, _answering(match, "accept"), _expiring(match))) == [
        "confirming",
        "releasing",
    ]


def test_confirm_against_expiry_has_one_winner(store: Store) -> None:
    for _ in range(8):
        match = _an_offer(store)
        swept: Act = lambda conn: offering.expire_overdue(conn, now=OVER)  # noqa: E731
        _outcomes(store, _answering(match, "accept"), swept, swept)
        with store.read() as conn:
            state, ending = drafts.state_of(conn, match)
            told = drafts.told(conn, match)
        assert (state, ending) in (("confirming", None), ("releasing", "expired"))
        assert ("match_confirming" in told) != ("match_releasing" in told)


def _confirmed(match: Match) -> Act:
    """The saga's last write, with every hold confirmed, on the match as it was when the step began."""
    outcomes = {leg.hold_id: {"outcome": "confirmed"} for leg in match.legs}

    def confirm(conn: Connection) -> str:
        saga._after_confirming(conn, match, LATER, outcomes)
        return "confirmed"

    return confirm


def _a_confirming(store: Store) -> Match:
    match = _an_offer(store)
    _outcomes(store, _answering(match, "accept"))
    with store.read() as conn:
        found = matches.get(conn, match.id)
    assert found is not None
    return found


def test_without_guards_a_match_is_confirmed_and_cancelled(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = _a_confirming(store)
    monkeypatch.setattr(matches, "save", _blind_save)
    monkeypatch.setattr(outbox, "append", lambda *_, **__: None)
    assert _outcomes(store, _cancelling(match)) == ["releasing"]
    assert _outcomes(store, _confirmed(match)) == ["confirmed"]
    assert _state(store, match)[0] == "confirmed", "what the school called off is confirmed over its head"


def test_cancel_against_confirm_ends_in_one_story(store: Store) -> None:
    for _ in range(8):
        match = _a_confirming(store)
        outcomes = _outcomes(store, _cancelling(match), _confirmed(match))
        # Cancelling after the confirmation is as good as before it; confirming after the cancellation is not.
        assert outcomes in (["releasing", "confirmed"], ["releasing", domain.MatchMoved.code]), outcomes
        assert _state(store, match) == ("releasing", "cancelled")


def test_two_drivers_never_claim_the_same_match(store: Store) -> None:
    with store.transaction() as conn:
        made = [drafts.a_draft(conn) for _ in range(60)]
    until = LATER + saga.LEASE

    def claim(conn: Connection) -> list[Any]:
        return [match.id for match in matches.claim(conn, now=LATER, until=until, limit=10)]

    claimed = together([lambda: _claimed(store, claim)] * 8)
    ids = [match_id for batch in claimed for match_id in batch]
    assert len(ids) == len(set(ids))
    assert {match.id for match in made} & set(ids)


def test_without_the_lease_two_drivers_claim_the_same_match(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.transaction() as conn:
        drafts.a_draft(conn)
    unclaimed = "select id from matches where next_step_at <= %s and state = 'proposed'"

    def claim(conn: Connection) -> list[Any]:
        return [row["id"] for row in conn.execute(unclaimed, [LATER])]

    first, second = together([lambda: _claimed(store, claim)] * 2)
    assert set(first) & set(second)


def _claimed(store: Store, claim: Callable[[Connection], list[Any]]) -> list[Any]:
    with store.transaction() as conn:
        return claim(conn)
