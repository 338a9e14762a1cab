"""What a school may ask for and where its request stands, by the rules alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from services.demand import domain
from services.demand.domain import Choice, MatchFact, Round, School, SchoolDays, Standing, Term, Window, Wish

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)  # a Monday, 9:00 in Chifeng
HONGSHAN = "150402"
SCHOOL = School("P", frozenset(range(1, 7)), HONGSHAN, 300)
WEEKDAYS = {
    date(2027, 1, 1) + timedelta(n): "weekend"
    if (date(2027, 1, 1) + timedelta(n)).isoweekday() > 5
    else "school_day"
    for n in range(365)
}
DAYS = SchoolDays(WEEKDAYS, frozenset({2027}), ())


def window(day: int, hour: float = 1, hours: float = 2, month: int = 3) -> Window:
    """A window in March 2027; hours are UTC (1 is nine in the morning)."""
    start = datetime(2027, month, day, tzinfo=UTC) + timedelta(hours=hour)
    return Window(start, start + timedelta(hours=hours))


STARS = Choice("aerospace")
WISH = Wish("visit", ("aerospace",), None, (3, 4), "pupils", 45, (window(15), window(16)))


def found(wish: Wish, school: School = SCHOOL, days: SchoolDays = DAYS) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in domain.complaints(wish, school, days, now=NOW)]


def test_a_proper_wish_has_nothing_wrong() -> None:
    assert found(WISH) == []


def test_choices_may_be_of_all_that_a_request_can_get() -> None:
    some = (STARS, Choice(programme_id="p"), Choice(venue_id="v"))
    assert found(replace(WISH, choices=some)) == []
    assert found(replace(WISH, with_expert=True, choices=(*some, Choice(expert_id="e")))) == []
    assert found(replace(WISH, kind="expert", choices=(STARS, Choice(expert_id="e")))) == []


@pytest.mark.parametrize("kind", ["visit", "exhibition"])
def test_a_visit_and_an_exhibition_may_ask_for_an_expert_as_well(kind: str) -> None:
    assert found(replace(WISH, kind=kind, with_expert=True)) == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"topics": ()}, "topics", "topics_or_programme"),
        ({"kind": "expert", "programme_id": uuid4()}, "programme_id", "programme_not_for_kind"),
        ({"kind": "training"}, "audience", "audience_not_for_kind"),
        ({"kind": "expert", "with_expert": True}, "with_expert", "expert_not_for_kind"),
        ({"kind": "expert", "may_split": True}, "may_split", "split_not_for_kind"),
        ({"with_expert": True, "may_split": True}, "may_split", "split_not_for_kind"),
        ({"choices": (Choice(),)}, "choices[0]", "choice_of_one"),
        ({"choices": (Choice("aerospace", "p"),)}, "choices[0]", "choice_of_one"),
        ({"choices": (STARS, STARS)}, "choices[1].topic", "duplicate"),
        ({"choices": (STARS, Choice("ai"))}, "choices[1].topic", "choice_outside_topics"),
        ({"choices": (Choice(expert_id="e"),)}, "choices[0].expert_id", "choice_not_for_kind"),
        (
            {"kind": "expert", "choices": (Choice(venue_id="v"),)},
            "choices[0].venue_id",
            "choice_not_for_kind",
        ),
        (
            {"kind": "exhibition", "choices": (Choice(venue_id="v"),)},
            "choices[0].venue_id",
            "choice_not_for_kind",
        ),
        (
            {"kind": "expert", "choices": (Choice(programme_id="p"),)},
            "choices[0].programme_id",
            "choice_not_for_kind",
        ),
        (
            {"programme_id": uuid4(), "choices": (Choice(programme_id="p"),)},
            "choices[0].programme_id",
            "choice_outside_programme",
        ),
        ({"group_size": 301}, "group_size", "group_over_enrolment"),
        ({"grades": (3, 7)}, "grades[1]", "grade_not_taught"),
        ({"windows": (window(15, hours=-1),)}, "windows[0].ends_at", "window_ends_before_start"),
        ({"windows": (window(15, hours=0),)}, "windows[0].ends_at", "window_ends_before_start"),
        ({"windows": (window(1, hour=1),)}, "windows[0].starts_at", "window_in_past"),
        ({"windows": (window(15), window(16, hours=0.4))}, "windows[1].ends_at", "window_too_short"),
        ({"windows": (window(15, hours=24 * 93),)}, "windows[0].ends_at", "window_too_long"),
        ({"windows": (window(20),)}, "windows[0].starts_at", "no_school_day"),
        ({"windows": (window(20, hours=35),)}, "windows[0].starts_at", "no_school_day"),
        ({"windows": (window(15), window(15))}, "windows[1].starts_at", "duplicate"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, object], field: str, code: str) -> None:
    assert found(replace(WISH, **change)) == [(field, code)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "size", "kind", "with_expert", "may"),
    [
        (None, 55, "visit", False, False),
        (None, 56, "visit", False, True),
        (False, 300, "visit", False, False),
        (True, 30, "visit", False, True),
        (None, 300, "exhibition", False, False),
        (None, 300, "visit", True, False),
    ],
)
def test_a_group_of_more_than_a_class_may_come_in_parts_unless_its_school_says_no(
    said: bool | None, size: int, kind: str, with_expert: bool, may: bool
) -> None:
    assert domain.may_split(said=said, kind=kind, with_expert=with_expert, group_size=size) == may


def test_all_that_is_wrong_is_named_at_once() -> None:
    wish = replace(WISH, topics=(), grades=(9,), group_size=1000, windows=(window(20),))
    assert [code for _, code in found(wish)] == [
        "topics_or_programme",
        "group_over_enrolment",
        "grade_not_taught",
        "no_school_day",
    ]


def test_a_year_that_is_not_loaded_is_unknown_and_not_all_weekdays() -> None:
    empty = SchoolDays({}, frozenset(), ())
    assert found(WISH, days=empty)[0] == ("windows[0].starts_at", "calendar_not_loaded")
    over_new_year = Window(datetime(2027, 12, 31, 1, tzinfo=UTC), datetime(2028, 1, 3, 9, tzinfo=UTC))
    assert found(replace(WISH, windows=(over_new_year,))) == [("windows[0].starts_at", "calendar_not_loaded")]


def test_days_are_counted_in_china() -> None:
    late_sunday = Window(datetime(2027, 3, 14, 16, tzinfo=UTC), datetime(2027, 3, 14, 17, tzinfo=UTC))
    assert list(late_sunday.days()) == [date(2027, 3, 15)]
    until_midnight = Window(datetime(2027, 3, 13, 1, tzinfo=UTC), datetime(2027, 3, 14, 16, tzinfo=UTC))
    assert list(until_midnight.days()) == [date(2027, 3, 13), date(2027, 3, 14)]


def test_teachers_and_parents_are_not_bound_to_days_with_lessons() -> None:
    saturday = (window(20),)
    assert found(replace(WISH, kind="training", audience="teachers", windows=saturday)) == []
    assert found(replace(WISH, audience="parents", windows=saturday)) == []


def test_makeup_days_have_lessons_and_holidays_have_none() -> None:
    changed = WEEKDAYS | {date(2027, 3, 20): "makeup", date(2027, 3, 15): "holiday"}
    days = SchoolDays(changed, frozenset({2027}), ())
    assert days.teaches(date(2027, 3, 20), HONGSHAN)
    assert not days.teaches(date(2027, 3, 15), HONGSHAN)


def test_the_nearest_areas_terms_count() -> None:
    city = Term("150400", date(2027, 3, 1), date(2027, 7, 10))
    own = Term(HONGSHAN, date(2027, 3, 8), date(2027, 7, 10))
    days = SchoolDays(WEEKDAYS, frozenset({2027}), (city, own))
    assert days.teaches(date(2027, 3, 2), "150424")
    assert not days.teaches(date(2027, 3, 2), HONGSHAN)
    assert not days.teaches(date(2027, 8, 2), "150424")
    assert SchoolDays(WEEKDAYS, frozenset({2027}), ()).teaches(date(2027, 8, 2), HONGSHAN)


def round_(**changes: object) -> Round:
    usual = Round("150400", NOW - timedelta(days=1), NOW + timedelta(days=1), "open")
    return replace(usual, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (None, "round_unknown"),
        (round_(), None),
        (round_(adcode="150424"), "round_elsewhere"),
        (round_(opens_at=NOW + timedelta(seconds=1)), "round_not_open_yet"),
        (round_(opens_at=NOW), None),
        (round_(closes_at=NOW), "round_closed"),
        (round_(closes_at=NOW + timedelta(seconds=1)), None),
        (round_(state="closed"), "round_closed"),
        (round_(state="published"), "round_closed"),
    ],
)
def test_rounds_take_requests_while_they_are_open(asked: Round | None, code: str | None) -> None:
    assert domain.round_complaint(asked, HONGSHAN, NOW) == code


OLD, NEW = sorted([uuid4(), uuid4()])


@pytest.mark.parametrize(
    ("matches", "verdict", "standing"),
    [
        ([], None, ("submitted", None, None)),
        ([], "no_seats", ("unserved", "no_seats", None)),
        ([("holding", OLD)], None, ("submitted", None, None)),
        ([("held", OLD)], "no_seats", ("unserved", "no_seats", None)),
        ([("offered", OLD)], "no_seats", ("offered", None, OLD)),
        ([("confirming", OLD)], None, ("offered", None, OLD)),
        ([("confirmed", OLD)], None, ("confirmed", None, OLD)),
        ([("delivered", OLD)], None, ("delivered", None, OLD)),
        ([("no_show", OLD)], None, ("no_show", None, OLD)),
        ([("declined", OLD)], None, ("submitted", "match_declined", None)),
        ([("expired", OLD), ("cancelled", NEW)], None, ("submitted", "match_cancelled", None)),
        ([("declined", OLD), ("offered", NEW)], None, ("offered", None, NEW)),
        ([("offered", OLD), ("confirmed", NEW)], None, ("confirmed", None, NEW)),
        ([("superseded", OLD), ("offered", NEW)], None, ("offered", None, NEW)),
        ([("releasing", OLD)], None, ("submitted", None, None)),
    ],
)
def test_where_a_request_stands(
    matches: list[tuple[str, object]], verdict: str | None, standing: tuple[object, ...]
) -> None:
    facts = [MatchFact(match_id, state, None) for state, match_id in matches]  # type: ignore[arg-type]
    assert domain.standing(facts, verdict) == Standing(*standing)  # type: ignore[arg-type]
    assert domain.standing(facts[::-1], verdict) == Standing(*standing)  # type: ignore[arg-type]


def test_a_year_is_loaded_whole_or_not_at_all() -> None:
    days = [date(2027, 1, 1) + timedelta(n) for n in range(365)]
    assert domain.year_complaints(2027, days) == []
    assert [error.code for error in domain.year_complaints(2027, days[:-1])] == ["days_missing"]
    assert [error.code for error in domain.year_complaints(2027, days[:-1] + days[:1])] == ["duplicate"]
    assert domain.year_complaints(2028, days)[0].field == "days[0].day"


def test_terms_end_after_they_begin_and_do_not_overlap() -> None:
    spring = Term("150400", date(2027, 3, 1), date(2027, 7, 10))
    other = Term("150424", date(2027, 3, 1), date(2027, 7, 10))
    assert domain.term_complaints([spring, other]) == []
    assert [error.code for error in domain.term_complaints([spring, spring])] == ["terms_overlap"]
    backwards = replace(spring, last_day=date(2027, 2, 1))
    assert [error.field for error in domain.term_complaints([backwards])] == ["items[0].last_day"]


def test_grades_fit_the_stage() -> None:
    assert domain.school_complaints("P", [1, 2, 6]) == []
    assert [error.field for error in domain.school_complaints("K", [0, 1])] == ["grades[1]"]
    assert [error.code for error in domain.school_complaints("U", [12])] == ["grade_not_of_stage"]
