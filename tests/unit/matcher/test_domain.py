"""The tables of moves, names of holds, deadlines, and who speaks for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.matcher import domain
from services.matcher.domain import Agreement

NOW = datetime(2027, 3, 1, 1, tzinfo=UTC)
ORGANISATION, EXPERT, OTHER = (UUID(int=number) for number in (1, 2, 3))


def test_every_move_of_a_match_leads_to_a_state_and_every_live_state_to_an_end() -> None:
    assert {to for moves in domain.MATCH_MOVES.values() for to in moves} <= set(domain.MATCH_MOVES)
    for state in domain.LIVE:
        assert _reachable(state) & {"cancelled", "superseded"}, state


def _reachable(state: str) -> set[str]:
    found, rest = {state}, [state]
    while rest:
        new = domain.MATCH_MOVES[rest.pop()] - found
        found |= new
        rest.extend(new)
    return found


@pytest.mark.parametrize(
    ("state", "to"),
    [("proposed", "held"), ("offered", "confirmed"), ("releasing", "confirmed"), ("cancelled", "holding"),
     ("confirmed", "cancelled"), ("delivered", "releasing")],
)  # fmt: skip
def test_a_match_makes_no_move_that_is_not_in_the_table(state: str, to: str) -> None:
    with pytest.raises(domain.MatchState):
        domain.check_match_move(state, to)


def test_a_published_round_moves_no_more_and_an_open_one_only_closes() -> None:
    assert domain.ROUND_MOVES["published"] == frozenset()
    domain.check_round_move("open", "closed")
    with pytest.raises(domain.RoundState) as refused:
        domain.check_round_move("open", "published")
    assert refused.value.params == {"state": "open"}


def test_a_hold_has_one_name_per_leg_and_attempt() -> None:
    first = domain.hold_id(ORGANISATION, EXPERT, 1)
    assert first == domain.hold_id(ORGANISATION, EXPERT, 1)
    assert first != domain.hold_id(ORGANISATION, EXPERT, 2)


def test_an_offer_ends_before_the_event_and_its_holds_after_the_offer() -> None:
    soon, far = NOW + timedelta(hours=3), NOW + timedelta(days=20)
    assert domain.offer_deadline(NOW, 48, far) == NOW + timedelta(hours=48)
    assert domain.offer_deadline(NOW, 48, soon) == soon - domain.ANSWER_LEAD
    assert domain.offer_deadline(NOW, 48, NOW) == NOW
    assert domain.hold_until(NOW, 48, far) > domain.offer_deadline(NOW, 48, far)


def test_waits_double_up_to_a_minute() -> None:
    waits = [domain.backoff(failures).total_seconds() for failures in (0, 1, 5, 6, 1000)]
    assert waits == [1, 2, 32, 60, 60]


def test_lasting_refusals_exclude_for_good() -> None:
    assert domain.excluded_until("slot_cancelled", NOW) is None
    assert domain.excluded_until("not_enough_seats", NOW) == NOW + domain.PASSING_EXCLUSION


_ASKED = (
    Agreement("school", ORGANISATION, None, needed=True),
    Agreement("venue", OTHER, None, needed=True),
    Agreement("expert", OTHER, EXPERT, needed=True),
)


@pytest.mark.parametrize(
    ("organisation", "role", "expert", "positions"),
    [
        (ORGANISATION, "teacher", None, [0]),
        (ORGANISATION, "venue", None, []),
        (OTHER, "venue", None, [1, 2]),
        (None, "expert", EXPERT, [2]),
        (ORGANISATION, "expert", OTHER, []),
        (OTHER, "teacher", None, []),
    ],
)
def test_each_party_is_spoken_for_by_its_own(
    organisation: UUID | None, role: str, expert: UUID | None, positions: list[int]
) -> None:
    found = domain.answering(_ASKED, organisation_id=organisation, role=role, expert_id=expert)
    assert found == positions


def test_who_is_not_needed_is_not_asked() -> None:
    quiet = tuple(replace(each, needed=False) for each in _ASKED)
    assert domain.answering(quiet, organisation_id=OTHER, role="venue", expert_id=EXPERT) == []


@pytest.mark.parametrize(
    ("area", "trunk"),
    [("150400", "1504"), ("150402", "150402"), ("150000", "15"), ("150402001000", "150402001")],
)
def test_an_area_is_known_by_its_trunk(area: str, trunk: str) -> None:
    assert domain.area_trunk(area) == trunk
