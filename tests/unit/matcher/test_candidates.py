"""Each hard rule alone: one resource that suits, one change to it or to the wish, one code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from schemas.reasons import FALLEN
from services.experts import domain
from services.matcher.engine import daylight
from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import (
    DAY,
    Busy,
    Expert,
    Option,
    Place,
    Problem,
    Programme,
    Reason,
    Slot,
    Unit,
    Window,
    Wish,
)
from services.matcher.roads import RegionRoads, RegionSun
from tests.builders.problems import AREA, MONDAY, FlatRoads

HERE, NEAR, FAR = Place(42, 118), Place(42.2, 118), Place(45, 118)
NINE = MONDAY * DAY + 9 * 60
WHOLE_DAY = Window(MONDAY * DAY + 8 * 60, MONDAY * DAY + 18 * 60)
WEEK = Window(MONDAY * DAY, (MONDAY + 5) * DAY)

PROGRAMME = Programme(
    "stars", "visit", frozenset({"aerospace"}), grades=frozenset({3, 4}), min_group=10, max_group=60
)
SLOT = Slot("nine", "stars", NEAR, NINE, NINE + 90, seats=40, groups=2)
EXPERT = Expert("su", frozenset({"aerospace"}), NEAR, (WHOLE_DAY,), cap_day=2, cap_week=2, cap_month=2)
UNIT = Unit("van", frozenset({"aerospace"}), NEAR, min_days=2, max_group=500)
VISIT = Wish(
    "wish",
    "visit",
    25,
    HERE,
    AREA,
    "P",
    (WHOLE_DAY,),
    frozenset({"aerospace"}),
    grades=frozenset({4}),
    limit_km=50,
)
LECTURE = replace(VISIT, kind="expert")
TOUR = replace(VISIT, kind="exhibition", windows=(WEEK,))

Change = dict[str, Any]


def _found(
    wish: Wish,
    *,
    programme: Programme = PROGRAMME,
    slots: tuple[Slot, ...] = (SLOT,),
    experts: tuple[Expert, ...] = (EXPERT,),
    units: tuple[Unit, ...] = (UNIT,),
    **changes: Any,
) -> tuple[list[Option], Fallen]:
    days = frozenset(range(MONDAY - 7, MONDAY + 14))
    problem = Problem(
        (wish,),
        {programme.key: programme},
        slots,
        experts,
        units,
        FlatRoads(),
        {AREA: days},
        days,
        earliest=0,
    )
    options, finding = Finder(replace(problem, **changes)).options(0)
    assert finding.candidates == len(options)
    return options, Fallen(finding.reasons)


class Fallen(dict[tuple[str, str], int]):
    """How many fell away by kind and code; `params` are the numbers of those codes that have any."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__({(reason.kind, reason.code): reason.count for reason in reasons})
        self.params = {(each.kind, each.code): dict(each.params) for each in reasons if each.params}


def test_what_suits_is_a_candidate_and_nothing_falls_away() -> None:
    options, fallen = _found(VISIT)
    assert [leg.resource for option in options for leg in option.legs] == ["nine"]
    assert fallen == {}


ONLINE = replace(PROGRAMME, kind="lecture", online=True)
WEBCAST = replace(SLOT, place=None, seats=400)


@pytest.mark.parametrize("change", [{"programme": "stars", "limit_km": 1}, {"kind": "training"}])
def test_an_online_session_serves_who_names_it_or_trains_however_far(change: Change) -> None:
    kind = "training" if "kind" in change else "lecture"
    programme = replace(ONLINE, kind=kind)
    options, fallen = _found(replace(VISIT, **change), programme=programme, slots=(WEBCAST,), experts=())
    assert [leg.place for option in options for leg in option.legs] == [HERE]
    assert [option.value for option in options] == [VISIT.size * 100 * 100 // 1000]
    assert fallen == {}


def test_a_visit_to_anywhere_is_not_sent_online() -> None:
    assert _found(VISIT, programme=ONLINE, slots=(WEBCAST,)) == ([], {("slot", "online"): 1})


_WISHES: list[tuple[str, Change]] = [
    ("topic", {"topics": frozenset({"ocean"})}),
    ("programme", {"programme": "moon"}),
    ("audience", {"audience": "parents"}),
    ("grade", {"grades": frozenset({4, 5})}),
    ("group_too_small", {"size": 9}),
    ("group_too_large", {"size": 61}),
    ("distance", {"limit_km": 19}),
    ("excluded", {"excluded": frozenset({("slot", "nine")})}),
    ("window", {"windows": (Window(NINE + 1, NINE + 600),)}),
    ("seats", {"size": 41}),
]


@pytest.mark.parametrize(("code", "change"), _WISHES, ids=[code for code, _ in _WISHES])
def test_a_visit_that_one_rule_refuses(code: str, change: Change) -> None:
    options, fallen = _found(replace(VISIT, **change))
    assert options == []
    assert fallen == {("slot", code): 1}


_WORLDS: list[tuple[str, Callable[[], Change]]] = [
    ("stage", lambda: {"programme": replace(PROGRAMME, stages=frozenset({"K"}))}),
    ("round", lambda: {"slots": (replace(SLOT, round="autumn"),)}),
    ("lead_time", lambda: {"earliest": NINE + 1}),
    ("calendar_not_loaded", lambda: {"known_days": frozenset()}),
    ("school_day", lambda: {"lesson_days": {AREA: frozenset()}}),
    ("groups_full", lambda: {"slots": (replace(SLOT, groups=0),)}),
]


@pytest.mark.parametrize(("code", "change"), _WORLDS, ids=[code for code, _ in _WORLDS])
def test_a_visit_that_the_world_refuses(code: str, change: Callable[[], Change]) -> None:
    options, fallen = _found(VISIT, **change())
    assert options == []
    assert fallen == {("slot", code): 1}


def test_a_language_is_a_preference_unless_the_school_insists() -> None:
    chinese = replace(PROGRAMME, languages=frozenset({"zh"}))
    (preferred,), _ = _found(replace(VISIT, language="mn"), programme=chinese)
    (spoken,), _ = _found(VISIT, programme=chinese)
    assert preferred.value < spoken.value
    options, fallen = _found(replace(VISIT, language="mn", language_required=True), programme=chinese)
    assert (options, fallen) == ([], {("slot", "language"): 1})


def test_teachers_and_parents_may_come_on_days_without_lessons() -> None:
    for_parents = replace(PROGRAMME, audiences=frozenset({"parents"}))
    options, _ = _found(
        replace(VISIT, audience="parents"), programme=for_parents, lesson_days={AREA: frozenset()}
    )
    assert len(options) == 1


def test_overlapping_windows_name_a_slot_once_and_a_rest_is_counted() -> None:
    later = replace(SLOT, key="next week", start=NINE + 7 * DAY, end=NINE + 7 * DAY + 90)
    options, fallen = _found(replace(VISIT, windows=(WHOLE_DAY, WEEK)), slots=(SLOT, later))
    assert len(options) == 1
    assert fallen == {("slot", "window"): 1}


def test_a_window_may_end_with_the_slot_but_no_earlier() -> None:
    until = (Window(NINE, NINE + 90),)
    assert len(_found(replace(VISIT, windows=until))[0]) == 1
    earlier = (Window(NINE, NINE + 89),)
    assert _found(replace(VISIT, windows=earlier)) == ([], {("slot", "window"): 1})


def _busy_at(minute: int, place: Place = HERE) -> Busy:
    return Busy(minute, minute + 60, place)


_EXPERTS: list[tuple[str, Change, Change]] = [
    ("topic", {}, {"topics": frozenset({"ocean"})}),
    ("audience", {"audience": "teachers"}, {}),
    ("grade", {}, {"grades": frozenset({9})}),
    ("language", {"language": "mn", "language_required": True}, {"languages": frozenset({"zh"})}),
    ("distance", {"limit_km": 10}, {}),
    ("travel_limit", {}, {"limit_km": 10}),
    ("excluded", {"excluded": frozenset({("expert", "su")})}, {}),
    ("availability", {}, {"windows": (Window(NINE + DAY, NINE + DAY + 600),)}),
    (
        "cap_day",
        {},
        {"busy": (_busy_at(NINE - 60), _busy_at(NINE + 9 * 60)), "cap_week": None, "cap_month": None},
    ),
    ("cap_week", {}, {"busy": (_busy_at(NINE + DAY), _busy_at(NINE + 2 * DAY)), "cap_month": None}),
    ("cap_month", {}, {"busy": (_busy_at(NINE + 8 * DAY), _busy_at(NINE + 9 * DAY)), "cap_week": None}),
    ("busy", {}, {"busy": (Busy(NINE - 60, NINE + 9 * 60, HERE),)}),
    (
        "travel",
        {"windows": (Window(NINE, NINE + 60),)},
        {"busy": (_busy_at(NINE + 120, FAR),)},
    ),
    (
        "rest",
        {"windows": (Window(NINE, NINE + 60),)},
        {"busy": (_busy_at(NINE + 90),), "rest_minutes": 31},
    ),
]


@pytest.mark.parametrize(("code", "wish", "expert"), _EXPERTS, ids=[code for code, _, _ in _EXPERTS])
def test_an_expert_that_one_rule_refuses(code: str, wish: Change, expert: Change) -> None:
    options, fallen = _found(replace(LECTURE, **wish), experts=(replace(EXPERT, **expert),))
    assert options == []
    assert fallen == {("expert", code): 1}


def test_who_travels_in_daylight_only_reads_so_where_every_moment_is_too_dark() -> None:
    evening = Window(MONDAY * DAY + 20 * 60, MONDAY * DAY + 22 * 60)
    wish = replace(LECTURE, windows=(evening,))
    for only, fallen in ((False, {}), (True, {("expert", "daylight"): 1})):
        expert = replace(EXPERT, windows=(evening,), daylight_only=only)
        options, why = _found(wish, experts=(expert,), sun=RegionSun())
        assert (bool(options), why) == (not only, fallen)


@pytest.mark.parametrize(("rest", "number"), [(0, 1), (30, 1), (31, 0)])
def test_a_rest_is_kept_to_the_minute_before_and_after_what_is_there(rest: int, number: int) -> None:
    wish = replace(LECTURE, windows=(Window(NINE, NINE + 60),))
    for beside in (_busy_at(NINE + 90), _busy_at(NINE - 90)):
        options, _ = _found(wish, experts=(replace(EXPERT, busy=(beside,), rest_minutes=rest),))
        assert len(options) == number


def test_an_expert_may_begin_at_each_set_time_or_where_none_fits_when_both_can() -> None:
    options, _ = _found(LECTURE)
    assert [option.legs[0].start - MONDAY * DAY for option in options] == [540, 630, 840, 930]
    narrow = replace(LECTURE, windows=(Window(NINE + 20, NINE + 90),))
    (option,), _ = _found(narrow)
    assert option.legs[0].start == NINE + 30


def test_an_expert_with_time_between_two_places_is_there_in_time() -> None:
    before = replace(EXPERT, busy=(Busy(NINE - 60, NINE - 30, NEAR),))
    options, _ = _found(replace(LECTURE, windows=(Window(NINE, NINE + 60),)), experts=(before,))
    assert len(options) == 1


_UNITS: list[tuple[str, Change, Change]] = [
    ("topic", {}, {"topics": frozenset({"ocean"})}),
    ("grade", {}, {"grades": frozenset({9})}),
    ("group_too_large", {}, {"max_group": 20}),
    ("round", {}, {"round": "autumn"}),
    ("travel_limit", {}, {"limit_km": 10}),
    ("dwell", {"windows": (WHOLE_DAY,)}, {}),
    ("availability", {}, {"windows": (WHOLE_DAY,)}),
    ("busy", {}, {"busy": (Busy(MONDAY * DAY, (MONDAY + 6) * DAY, HERE),)}),
]


@pytest.mark.parametrize(("code", "wish", "unit"), _UNITS, ids=[code for code, _, _ in _UNITS])
def test_a_unit_that_one_rule_refuses(code: str, wish: Change, unit: Change) -> None:
    options, fallen = _found(replace(TOUR, **wish), units=(replace(UNIT, **unit),))
    assert options == []
    assert fallen == {("unit", code): 1}


def test_a_stop_takes_whole_days_and_its_set_up_before() -> None:
    options, _ = _found(TOUR, units=(replace(UNIT, setup_days=1),))
    legs = [option.legs[0] for option in options]
    assert [leg.start // DAY - MONDAY for leg in legs] == [0, 1, 2, 3]
    assert all(leg.end // DAY == leg.start // DAY + 1 for leg in legs)
    assert all(leg.occupied == (leg.start // DAY - 1) * DAY for leg in legs)


def test_a_visit_with_an_expert_has_both_or_nothing() -> None:
    together = replace(VISIT, with_expert=True)
    (option,), _ = _found(together)
    assert [(leg.kind, leg.place) for leg in option.legs] == [("expert", NEAR), ("slot", NEAR)]
    options, fallen = _found(together, experts=())
    assert (options, fallen) == ([], {("slot", "expert"): 1})


OPENED = replace(TOUR, with_expert=True)


def test_an_exhibition_is_opened_on_its_first_day_or_does_not_come() -> None:
    always = replace(EXPERT, windows=(WEEK,), cap_week=None)
    options, fallen = _found(OPENED, experts=(always,))
    assert fallen == {}
    assert {tuple(leg.kind for leg in option.legs) for option in options} == {("expert", "unit")}
    assert all(option.legs[0].start // DAY == option.legs[1].start // DAY for option in options)
    assert {option.legs[1].start // DAY - MONDAY for option in options} == {0, 1, 2, 3}
    on_monday, _ = _found(OPENED)
    assert [option.legs[0].start - MONDAY * DAY for option in on_monday] == [540, 630, 840, 930]
    assert _found(OPENED, experts=()) == ([], {("unit", "expert"): 1})
    assert _found(OPENED, units=()) == ([], {("expert", "nothing_to_join"): 1})


def test_a_lecture_opens_what_is_there_already() -> None:
    afternoon = replace(OPENED, windows=(Window(MONDAY * DAY + 13 * 60, WEEK.end),))
    options, _ = _found(afternoon, session_minutes=90)
    assert [option.legs[0].start - MONDAY * DAY for option in options] == [840, 930]
    assert all(option.legs[0].end <= MONDAY * DAY + 17 * 60 for option in options)


def test_an_opened_exhibition_is_worth_how_well_both_suit_within_the_schools_limit() -> None:
    halfway = replace(EXPERT, home=Place(42.4, 118))
    (alone, *_), _ = _found(TOUR)
    (near, *_), _ = _found(OPENED)
    (farther, *_), _ = _found(OPENED, experts=(halfway,))
    assert near.value == alone.value == VISIT.size * 92 // 10
    assert farther.value == VISIT.size * (92 + 84) // 2 // 10
    too_far = {("expert", "distance"): 1, ("unit", "expert"): 1}
    assert _found(replace(OPENED, limit_km=30), experts=(halfway,)) == ([], too_far)


_NOBODY: list[tuple[str, Change]] = [
    ("topic", {"topics": frozenset({"ocean"})}),
    ("audience", {"audiences": frozenset({"teachers"})}),
    ("grade", {"grades": frozenset({9})}),
    ("travel_limit", {"limit_km": 10}),
    ("availability", {"windows": (Window(NINE + 4 * DAY, NINE + 4 * DAY + 600),)}),
    ("busy", {"busy": (Busy(NINE - 60, NINE + 9 * 60, HERE),)}),
    ("cap_day", {"busy": (Busy(NINE - 60, NINE - 30, HERE), Busy(NINE + 540, NINE + 570, HERE))}),
]


@pytest.mark.parametrize(("code", "expert"), _NOBODY, ids=[code for code, _ in _NOBODY])
def test_an_exhibition_without_anybody_to_open_it(code: str, expert: Change) -> None:
    options, fallen = _found(OPENED, experts=(replace(EXPERT, **expert),))
    assert (options, fallen) == ([], {("unit", "expert"): 1, ("expert", code): 1})


@pytest.mark.parametrize(("code", "expert"), _NOBODY, ids=[code for code, _ in _NOBODY])
def test_a_visit_without_anybody_to_come_along(code: str, expert: Change) -> None:
    together = replace(VISIT, with_expert=True)
    later = replace(SLOT, key="ten", start=NINE + 60, end=NINE + 150)
    home = Place(42.5, 118) if code == "travel_limit" else NEAR
    experts = (replace(EXPERT, home=home, **expert), replace(EXPERT, key="wu", cap_week=0))
    options, fallen = _found(together, slots=(SLOT, later), experts=experts)
    assert options == []
    assert fallen == {("slot", "expert"): 2, ("expert", "cap_week"): 1, ("expert", code): 1}


def test_of_a_visit_with_an_expert_nobody_is_counted_who_could_come() -> None:
    together, nobody = replace(VISIT, with_expert=True), replace(SLOT, start=NINE + 9 * 60, end=NINE + 700)
    options, fallen = _found(together, slots=(SLOT, replace(nobody, key="late")))
    assert (len(options), fallen) == (1, {("slot", "window"): 1})
    excluded = replace(together, excluded=frozenset({("expert", "su")}))
    assert _found(excluded) == ([], {("slot", "expert"): 1, ("expert", "excluded"): 1})
    _, fallen = _found(together, slots=())
    assert fallen == {("expert", "nothing_to_join"): 1}


_SUNDAY = MONDAY - 1
_SHORTFALLS: list[tuple[str, str, Change, Change, dict[str, int]]] = [
    ("slot", "topic", {"topics": frozenset({"ocean"})}, {}, {"on_topic": 0}),
    ("slot", "distance", {"limit_km": 5.5}, {}, {"limit_km": 5, "nearest_km": 20}),
    ("slot", "window", {"windows": (Window(NINE + DAY, NINE + 2 * DAY),)}, {}, {
        "first_day": MONDAY, "last_day": MONDAY,
    }),
    ("slot", "school_day", {}, {"lesson_days": {AREA: frozenset({_SUNDAY - 5, _SUNDAY - 2, MONDAY + 4})}}, {
        "before_day": MONDAY - 3, "after_day": MONDAY + 4,
    }),
    ("slot", "school_day", {}, {"lesson_days": {AREA: frozenset({_SUNDAY})}}, {"before_day": _SUNDAY}),
    ("expert", "distance", {"kind": "expert", "limit_km": 10}, {}, {"limit_km": 10, "nearest_km": 20}),
    ("expert", "travel_limit", {"kind": "expert"}, {"experts": (
        replace(EXPERT, limit_km=1), replace(EXPERT, key="wu", limit_km=9, home=Place(42.25, 118)),
    )}, {"limit_km": 9, "nearest_km": 25}),
    ("expert", "availability", {"kind": "expert", "windows": (Window(NINE + DAY, NINE + 2 * DAY),)}, {}, {
        "first_day": MONDAY, "last_day": MONDAY,
    }),
    ("unit", "distance", {"kind": "exhibition", "limit_km": 10}, {}, {"limit_km": 10, "nearest_km": 20}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "code", "wish", "world", "params"),
    _SHORTFALLS,
    ids=[f"{kind}-{code}" for kind, code, *_ in _SHORTFALLS],
)
def test_a_wish_that_nothing_suits_is_told_what_was_lacking(
    kind: str, code: str, wish: Change, world: Change, params: dict[str, int]
) -> None:
    windows = {"windows": (WEEK,)} if kind == "unit" else {}
    options, fallen = _found(replace(VISIT, **{**windows, **wish}), **world)
    assert (options, fallen.params) == ([], {(kind, code): params})


def test_days_are_told_of_what_is_in_reach() -> None:
    later = replace(VISIT, windows=(Window(NINE + DAY, NINE + 2 * DAY),))
    others: list[Change] = [{"place": FAR}, {"round": "autumn"}, {"key": "tried"}]
    named: list[Change] = [{"key": f"other{number}", **its} for number, its in enumerate(others)]
    slots = tuple(replace(SLOT, **its) for its in named)
    _, fallen = _found(replace(later, excluded=frozenset({("slot", "tried")})), slots=slots)
    assert (fallen, fallen.params) == ({("slot", "window"): 3}, {})


def test_who_has_a_choice_is_not_told_numbers() -> None:
    options, fallen = _found(VISIT, slots=(SLOT, replace(SLOT, key="far", place=FAR)))
    assert (len(options), fallen, fallen.params) == (1, {("slot", "distance"): 1}, {})


def test_every_code_of_the_engine_has_its_words() -> None:
    tried = {code for code, *_ in (*_WISHES, *_WORLDS, *_EXPERTS, *_UNITS)}
    assert tried <= set(FALLEN)
    assert Reason("slot", "seats", 1).count == 1


@pytest.mark.parametrize("roads", [FlatRoads(), RegionRoads()])
def test_a_distance_that_is_just_the_limit_is_not_too_far(roads: FlatRoads | RegionRoads) -> None:
    away = Place(42.123456, 118.654321)
    km = roads.km(HERE, away)
    slots = (replace(SLOT, place=away),)
    assert len(_found(replace(VISIT, limit_km=km), slots=slots, roads=roads)[0]) == 1
    nearer = float(np.nextafter(km, 0))
    assert _found(replace(VISIT, limit_km=nearer), slots=slots, roads=roads)[1] == {("slot", "distance"): 1}


def test_the_engine_and_the_experts_own_diary_mean_the_same_short_ways() -> None:
    assert daylight.NEAR_KM == domain.NEAR_KM
