"""Sessions for the load test's round are like an owner's own, some minutes later."""

from __future__ import annotations

from loadtests.sessions import MOST, copies


def slot(day: str, programme: str = "p") -> dict[str, object]:
    """A session of a timetable."""
    return {"programme_id": programme, "starts_at": f"{day}T01:50:00Z", "seats": 9, "round_id": None}


def test_only_the_days_asked_for_are_copied_and_each_moment_once() -> None:
    timetable = [slot("2027-03-01"), slot("2027-03-01"), slot("2027-03-02"), slot("2027-03-01", "q")]
    made = copies(timetable, "r", ["2027-03-01"], 15)
    assert [(one["programme_id"], one["starts_at"]) for one in made] == [
        ("p", "2027-03-01T02:05:00Z"),
        ("q", "2027-03-01T02:05:00Z"),
    ]
    assert {one["round_id"] for one in made} == {"r"}


def test_an_owner_offers_no_more_than_so_many() -> None:
    timetable = [slot("2027-03-01", f"p{number}") for number in range(2 * MOST)]
    assert len(copies(timetable, "r", ["2027-03-01"], 1)) == MOST
