"""What if: changes do what they are called, and the tables say what became of whom."""

from __future__ import annotations

import dataclasses
from functools import cache

import pytest

from deploy.simulate import report
from deploy.simulate.asked import asked
from deploy.simulate.changes import NoSuchChange, changed, venues
from deploy.simulate.outcomes import first_come, together
from services.matcher.engine.model import Problem
from services.matcher.engine.season import season
from services.matcher.engine.simulate import Outcome
from services.matcher.roads import RegionRoads

SEED = 7


@cache
def made() -> Problem:
    """A small season."""
    return season(60, SEED, RegionRoads())


def test_more_demand_adds_wishes_and_less_takes_the_last_ones() -> None:
    more = changed(made(), "demand=1.5", SEED)
    assert more.wishes[:60] == made().wishes
    assert len({wish.key for wish in more.wishes}) == 90
    assert changed(made(), "demand=0.5", SEED).wishes == made().wishes[:30]
    assert changed(made(), "demand=1.5", SEED) == more


def test_a_closed_venue_has_no_slots_and_all_others_keep_theirs() -> None:
    largest = venues(made())[0]
    closed = changed(made(), "venue_closed=1", SEED)
    assert closed.slots == tuple(slot for slot in made().slots if slot.place != largest)
    assert len(closed.slots) < len(made().slots)


def test_experts_come_to_a_district_and_leave() -> None:
    more = changed(made(), "experts=3@150421", SEED)
    new = more.experts[len(made().experts) :]
    assert len({expert.key for expert in more.experts}) == len(made().experts) + 3
    assert len({expert.home for expert in new}) == 1
    assert changed(made(), "expert_away=2", SEED).experts == made().experts[:1] + made().experts[2:]


def test_changes_come_one_after_the_other() -> None:
    both = changed(made(), "demand=0.5 expert_away=1", SEED)
    assert (len(both.wishes), len(both.experts)) == (30, len(made().experts) - 1)


@pytest.mark.parametrize(
    "wrong",
    [
        "weather=fine",
        "demand=0",
        "demand=x",
        "venue_closed=0",
        "venue_closed=9999",
        "experts=3@1",
        "experts=0@150421",
    ],
)
def test_what_cannot_be_changed_is_refused(wrong: str) -> None:
    with pytest.raises(NoSuchChange):
        changed(made(), wrong, SEED)


def test_all_together_serve_no_less_than_first_come_first_served() -> None:
    alone, joint = first_come(made(), SEED), together(made(), 5)
    assert alone.value <= joint.value <= joint.bound
    assert first_come(made(), SEED).served == alone.served
    assert first_come(made(), SEED + 1).served != alone.served


def outcome(*served: int) -> Outcome:
    """A plan that serves these wishes, worth ten each."""
    return Outcome(made(), frozenset(served), 10 * len(served), 100)


def test_the_table_says_who_gains_and_who_loses() -> None:
    lines = list(report.side_by_side(outcome(0, 1, 2), outcome(1, 2, 3, 4), "experts=1@150421"))
    assert "| served | 3 | 4 | +1 |" in lines
    assert "| value | 30 | 40 | +10 |" in lines
    assert "Of 60 requests that both have, 2 gain a place and 1 lose theirs:" in lines


def test_wishes_that_only_one_season_has_neither_gain_nor_lose() -> None:
    fewer = dataclasses.replace(made(), wishes=made().wishes[:30])
    after = Outcome(fewer, frozenset({0}), 10)
    lines = list(report.side_by_side(outcome(0, 1, 59), after, "demand=0.5"))
    assert "Of 30 requests that both have, 0 gain a place and 1 lose theirs:" in lines


def test_a_replay_ends_with_medians_and_their_spread() -> None:
    lines = list(
        report.replayed([(7, outcome(0), outcome(0, 1)), (8, outcome(0, 1, 2), outcome(0, 1, 2, 3))])
    )
    assert lines[2].startswith("| 7 | 1 | 2 |")
    assert lines[4].startswith("| **median** | 2 | 3 |")
    assert lines[5].startswith("| spread | 1 to 3 | 2 to 4 |")


def test_shares_are_of_the_wishes_of_each_district() -> None:
    shares = outcome(*range(60)).areas()
    assert {share.percent for share in shares.values()} == {100.0}
    assert set(shares) == {wish.area for wish in made().wishes}


def test_what_is_asked_for_comes_from_the_line_or_the_environment() -> None:
    given = asked([], {"REQUESTS": "500", "CHANGE": "demand=2", "SEED": ""})
    assert (given.requests, given.change, given.seed, given.replay) == (500, "demand=2", 7, 0)
    assert asked(["--replay", "5"], {}).replay == 5


@pytest.mark.parametrize(
    "wrong", [{}, {"REQUESTS": "0", "REPLAY": "5"}, {"LIMIT": "0", "REPLAY": "5"}, {"REPLAY": "-1"}]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(SystemExit):
        asked([], wrong)
