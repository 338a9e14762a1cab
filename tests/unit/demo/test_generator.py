"""The demonstration's made world: the same every time, of the promised size, and marked."""

import datetime as dt
from collections import Counter

from deploy.demo import calendar, facts
from deploy.demo.people import experts, free_time
from deploy.demo.programmes import programmes
from deploy.demo.providers import bodies, shared, units, venues
from deploy.demo.schools import schools
from deploy.demo.slots import horizon, slots
from deploy.demo.wishes import AT_ONCE, IN_ROUND, wishes

ANCHOR = dt.date(2026, 11, 24)


def test_the_region_has_its_promised_size() -> None:
    assert len(facts.divisions()) == 12
    assert len(bodies()) == 13 * 4
    assert len(schools()) == 241
    assert len(venues()) == 40
    assert len(programmes()) == 120
    assert len(experts()) == 150
    assert len(units()) == 3


def test_there_are_schools_of_every_promised_kind() -> None:
    stages = Counter(school.stage for school in schools())
    assert stages["K"] >= 5
    assert stages["V"] == stages["X"] == 1
    assert stages["P"] > stages["J"] > stages["S"] > 0


def test_names_tell_things_apart() -> None:
    for names in ([s.name for s in schools()], [p.title for p in programmes()], [e.name for e in experts()]):
        assert len(set(names)) == len(names)


def test_what_is_invented_is_marked() -> None:
    assert all("演示" in school.name for school in schools())
    assert all("演示" in programme.title for programme in programmes())
    assert all("演示" in expert.name for expert in experts())
    assert all("演示" in each.name for venue in venues() for each in shared(venue))
    known = {seed.name for seed in facts.venue_seeds()}
    assert all("演示" in venue.name for venue in venues() if venue.name not in known)


def test_only_streets_and_seats_are_not_rural() -> None:
    towns = {town.code: town for town in facts.townships()}
    urban = {towns[s.township].name for s in schools() if not s.rural}
    assert {"天义镇", "大板镇"} <= urban
    assert not any(name.endswith(("乡", "苏木")) for name in urban)


def test_slots_fill_sixty_school_days() -> None:
    places = {venue.name: venue for venue in venues()}
    made = [slot for p in programmes() if p.venue for slot in slots(p, places[p.venue], ANCHOR)]
    assert len(made) == 2000
    assert len({(slot.programme, slot.starts_at) for slot in made}) == 2000
    assert {slot.starts_at[:10] for slot in made} <= {day.isoformat() for day in horizon(ANCHOR)}
    assert len(horizon(ANCHOR)) == 60


def test_some_venues_share_a_few_of_every_kind() -> None:
    given = {venue.name: shared(venue) for venue in venues()}
    assert {each.kind for some in given.values() for each in some} == {"room", "guide", "kit", "coach"}
    assert 10 <= sum(map(bool, given.values())) <= len(given) // 2


def test_experts_have_time_on_school_days_only() -> None:
    days = {day.isoformat() for day in horizon(ANCHOR)}
    for expert in experts()[:20]:
        windows = free_time(expert, ANCHOR)
        assert windows
        assert {window.starts_at[:10] for window in windows} <= days


def test_wishes_are_the_same_on_every_run() -> None:
    first = wishes(ANCHOR)
    assert len(first) == IN_ROUND + AT_ONCE
    assert first == wishes(ANCHOR)
    assert len({wish.name for wish in first}) == len(first)


def test_some_wishes_are_impossible_and_all_are_well_formed() -> None:
    made = wishes(ANCHOR)
    ways = {wish.impossible for wish in made}
    assert ways == {None, "too_large", "too_near", "too_short", "too_rare"}
    for wish in made:
        assert 1 <= wish.group_size <= 2000
        assert 1 <= len(wish.windows) <= 20
        assert wish.grades
        assert all(first < last for first, last in wish.windows)


def test_this_year_is_official_and_the_next_is_marked() -> None:
    assert not calendar.is_demonstration(2026)
    assert calendar.is_demonstration(2027)
    made_up = {each.day.isoformat() for each in calendar.year_days(2026) if each.kind == "makeup"}
    assert "2026-10-10" in made_up
    assert {each.name for each in calendar.year_days(2027) if each.day == dt.date(2027, 2, 6)} == {
        "春节（演示）"
    }


def test_school_days_skip_weekends_holidays_and_the_winter_break() -> None:
    days = calendar.school_days(dt.date(2026, 12, 30), 30)
    assert days[0] == dt.date(2026, 12, 31)
    assert dt.date(2027, 1, 1) not in days
    assert not any(dt.date(2027, 1, 16) <= day < dt.date(2027, 3, 1) for day in days)


def test_an_hour_in_chifeng_is_eight_hours_earlier_in_utc() -> None:
    assert calendar.instant(dt.date(2026, 12, 7), 9.5) == "2026-12-07T01:30:00Z"
