"""The made season: the same for the same seed, and of the shape that docs/season.md promises."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import DAY, Problem
from services.matcher.engine.season import season
from services.matcher.engine.season_supply import DISTRICTS, TOPICS, school_days
from services.matcher.roads import RegionRoads

REQUESTS, SEED = 300, 7
ROADS = RegionRoads()


@cache
def made() -> Problem:
    """The season that these tests look at."""
    return season(REQUESTS, SEED, ROADS)


def shares(things: Counter[str]) -> dict[str, float]:
    """Each one's part of all."""
    return {name: number / things.total() for name, number in things.items()}


def test_the_same_numbers_give_the_same_season() -> None:
    assert season(40, SEED, ROADS) == season(40, SEED, ROADS)
    assert season(40, SEED, ROADS) != season(40, SEED + 1, ROADS)


def test_a_season_has_as_many_wishes_as_asked_for() -> None:
    assert len(made().wishes) == REQUESTS
    assert len({wish.key for wish in made().wishes}) == REQUESTS
    assert len(season(1, SEED, ROADS).wishes) == 1


def test_kinds_are_mixed_as_promised() -> None:
    found = shares(Counter(wish.kind for wish in made().wishes))
    promised = {"visit": 0.60, "expert": 0.28, "exhibition": 0.07, "training": 0.05}
    assert found == pytest.approx(promised, abs=0.07)
    visits = [wish.with_expert for wish in made().wishes if wish.kind == "visit"]
    assert 0.04 < sum(visits) / len(visits) < 0.2


def test_windows_are_few_and_short_and_within_the_term() -> None:
    days = school_days()
    assert 58 <= len(days) <= 64
    for wish in made().wishes:
        assert 1 <= len(wish.windows) <= 4
        for window in wish.windows:
            assert days[0] * DAY <= window.start < window.end <= (days[-1] + 1) * DAY
            assert window.end - window.start <= 10 * DAY
        ends = [window.end for window in wish.windows[:-1]]
        assert all(end < window.start for end, window in zip(ends, wish.windows[1:], strict=True))


def test_groups_and_slots_have_the_promised_sizes() -> None:
    assert all(15 <= wish.size <= 200 for wish in made().wishes)
    assert all(30 <= slot.seats <= 300 for slot in made().slots)
    limited = [slot.groups for slot in made().slots if slot.groups is not None]
    assert 0 < len(limited) < len(made().slots)


def test_slots_crowd_where_the_town_is() -> None:
    urban = [each.place for each in DISTRICTS if each.urban]
    near = [min(ROADS.km(slot.place, place) for place in urban) < 75 for slot in made().slots if slot.place]
    assert 0.4 < sum(near) / len(near) < 0.95


def test_experts_have_weekdays_and_caps() -> None:
    for expert in made().experts:
        assert 2 <= len({(window.start // DAY + 3) % 7 for window in expert.windows} - {5, 6}) <= 4
        assert expert.cap_day in (1, 2, 3)
        assert expert.cap_week in range(2, 6)
        assert expert.cap_month in range(4, 13)


def test_topics_are_skewed() -> None:
    found = Counter(topic for wish in made().wishes for topic in wish.topics)
    first, last = (sum(found[topic] for topic in part) for part in (TOPICS[:6], TOPICS[-6:]))
    assert set(found) <= set(TOPICS)
    assert first > 2 * last


def test_nearly_every_wish_could_be_served() -> None:
    finder = Finder(made())
    options = [len(finder.options(number)[0]) for number in range(REQUESTS)]
    assert 8 < sum(options) / REQUESTS < 30
    assert sum(number == 0 for number in options) < 0.05 * REQUESTS


def test_knobs_turn_what_they_are_called() -> None:
    assert len(season(200, SEED, ROADS, supply=2.0).slots) > 1.8 * len(season(200, SEED, ROADS).slots)
    only_visits = season(40, SEED, ROADS, expert=1e-9, exhibition=1e-9, training=1e-9)
    assert {wish.kind for wish in only_visits.wishes} == {"visit"}


@pytest.mark.parametrize("wrong", [{"supply": 0.0}, {"urban": -1.0}, {"options": float("nan")}])
def test_a_knob_is_above_zero(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        season(10, SEED, ROADS, **wrong)


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(ValueError, match="requests"):
        season(0, SEED, ROADS)
    with pytest.raises(TypeError):
        season(10, SEED, ROADS, colour=1.0)
