"""The clock that a test may move and production may not, and ids that sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.chassis.ids import first_id_of, new_id
from services.chassis.instant import ClockRefused, system_clock

NEARLY = timedelta(seconds=5)


def offset(now: datetime) -> timedelta:
    return now - datetime.now(UTC)


def test_without_a_file_it_is_the_system_clock() -> None:
    now = system_clock({}).now()
    assert now.tzinfo is UTC
    assert abs(offset(now)) < NEARLY


def test_it_follows_the_file_while_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = system_clock({"CLOCK_FILE": str(file), "KEQIAO_ENVIRONMENT": "test"})
    assert abs(offset(clock.now())) < NEARLY
    file.write_text("86400\n")
    assert abs(offset(clock.now()) - timedelta(days=1)) < NEARLY
    file.write_text("-3600.5\n")
    assert abs(offset(clock.now()) + timedelta(hours=1)) < NEARLY
    file.unlink()
    assert abs(offset(clock.now())) < NEARLY


def test_an_empty_file_counts_as_zero(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.touch()
    assert abs(offset(system_clock({"CLOCK_FILE": str(file)}).now())) < NEARLY


def test_a_movable_clock_is_refused_in_production(tmp_path: Path) -> None:
    with pytest.raises(ClockRefused):
        system_clock({"CLOCK_FILE": str(tmp_path / "clock"), "KEQIAO_ENVIRONMENT": "production"})
    assert system_clock({"KEQIAO_ENVIRONMENT": "production"}).now().tzinfo is UTC


def test_ids_are_version_seven_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert {each.version for each in ids} == {7}
    assert ids == sorted(ids)


def test_a_bound_on_ids_divides_before_from_after() -> None:
    before = new_id()
    assert first_id_of(datetime.now(UTC) - timedelta(minutes=1)) < before
    assert before < first_id_of(datetime.now(UTC) + timedelta(minutes=1))
