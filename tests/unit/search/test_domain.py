"""Ranks of compositions, areas, and an expert's time that is left."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.search import domain

_VERSIONS = st.lists(st.integers(1, 50), min_size=1, max_size=4)


@given(st.integers(1, 1000), _VERSIONS, _VERSIONS, st.data())
def test_whoever_missed_a_fact_ranks_lower(
    own: int, near: list[int], far: list[int], data: st.DataObject
) -> None:
    full = domain.rank(own, near, far)
    at = data.draw(st.integers(0, len(near) - 1))
    missed = [version - (place == at) for place, version in enumerate(near)]
    # What the missed version named may have been anything at all.
    other = data.draw(st.lists(st.integers(0, 5000), max_size=4))
    assert domain.rank(own, missed, other) < full
    assert domain.rank(own - 1, data.draw(_VERSIONS), other) < full


def test_a_rank_fits_the_engines_version_number() -> None:
    assert domain.rank(10**9, [10**9], [10**9]) < 2**63


def test_a_place_lies_in_all_areas_above_it() -> None:
    assert domain.areas("150402001000") == ["150000", "150400", "150402", "150402001000"]
    assert domain.areas("150402") == ["150000", "150400", "150402"]
    assert domain.areas(None) == []


def _at(hour: int) -> str:
    return datetime(2026, 12, 1, hour, tzinfo=UTC).isoformat().replace("+00:00", "Z")


def _window(start: int, end: int) -> dict[str, str]:
    return {"starts_at": _at(start), "ends_at": _at(end)}


def test_an_engagement_takes_its_time_out_of_the_window() -> None:
    left = domain.free_windows([_window(1, 9)], [{**_window(3, 5), "state": "held"}])
    assert [(opens.hour, closes.hour) for opens, closes in left] == [(1, 3), (5, 9)]


def test_a_released_engagement_takes_nothing() -> None:
    left = domain.free_windows([_window(1, 9)], [{**_window(3, 5), "state": "released"}])
    assert [(opens.hour, closes.hour) for opens, closes in left] == [(1, 9)]


def test_an_engagement_over_the_whole_window_leaves_none() -> None:
    assert domain.free_windows([_window(3, 5)], [{**_window(1, 9), "state": "confirmed"}]) == []
