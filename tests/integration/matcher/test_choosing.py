"""What a school would like best, and when an expert travels: what is asked for is seen in what is given."""

from __future__ import annotations

import pytest

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person
from tests.builders.provider import (
    Provider,
    a_programme,
    a_provider,
    a_venue,
    expert_body,
    slot_body,
    wire,
)
from tests.fixtures.stack import poll

DAYS = 50
# Farther than anybody gets home by daylight after an afternoon's lecture, on any day of the year.
FAR_DEGREES, FAR_KM = 1.8, 400


@pytest.fixture
def venues(museum: Provider, spot: made.Json) -> list[made.Json]:
    """Two, as good as each other."""
    return [a_venue(museum, policy="auto", **spot) for _ in range(2)]


@pytest.fixture
def round_(coordinator: Person, museum: Provider, venues: list[made.Json]) -> made.Json:
    """A round with one session at each of the venues."""
    opened = made.a_round(coordinator)
    for venue in venues:
        body = slot_body(a_programme(museum, venue), DAYS, seats=30, round_id=opened["id"])
        poll(lambda body=body: museum.staff.post("/slots", body).status_code == 201, made.PATIENCE)  # type: ignore[misc]
    return opened


def test_of_two_who_like_the_same_best_one_has_its_first_choice_and_one_its_second(
    stack: Stack,
    operator: Person,
    coordinator: Person,
    venues: list[made.Json],
    round_: made.Json,
    spot: made.Json,
) -> None:
    liked = [{"venue_id": venue["id"]} for venue in reversed(venues)]
    schools = [made.a_school(stack, operator, spot) for _ in range(2)]
    smaller, larger = (
        made.ask_in_round(school, round_, days=DAYS, group_size=size, choices=liked)
        for school, size in zip(schools, (20, 30), strict=True)
    )
    made.published(coordinator, round_)
    for request, venue, said in (
        (larger, venues[1], "满足第1志愿（共2个），扣0%"),
        (smaller, venues[0], "满足第2志愿（共2个），扣7%"),
    ):
        match = made.wait_for_match(coordinator, request, "confirmed")
        assert [leg["venue_id"] for leg in match["legs"]] == [venue["id"]]
        told = poll(lambda request=request: _why(coordinator, request), made.PATIENCE)  # type: ignore[misc]
        assert said in told


def _why(coordinator: Person, request: made.Json) -> str:
    """What counted, once it has been told."""
    told = coordinator.get(f"/explanations/{request['id']}").json()
    assert told["why"] is not None
    return str(told["why"]["text"])


def _a_far_expert(stack: Stack, operator: Person, spot: made.Json, *, daylight_only: bool) -> made.Json:
    """Free on that afternoon, and hours away."""
    provider = a_provider(stack, operator, "association")
    noon, evening = made.morning(DAYS + 5 / 24), made.morning(DAYS + 10 / 24)
    body = expert_body(
        lat=spot["lat"] - FAR_DEGREES,
        lon=spot["lon"],
        travel_limit_km=FAR_KM,
        availability=[{"starts_at": wire(noon), "ends_at": wire(evening)}],
        daylight_only=daylight_only,
    )
    return poll(lambda: made.posted(provider.staff, "/experts", body), made.PATIENCE)


def test_an_expert_who_travels_in_daylight_only_stays_at_home_where_another_sets_out(
    stack: Stack, operator: Person, coordinator: Person, spot: made.Json
) -> None:
    at_home = _a_far_expert(stack, operator, spot, daylight_only=True)
    school = made.a_school(stack, operator, spot)
    windows = [{"starts_at": wire(made.morning(DAYS + 6 / 24)), "ends_at": wire(made.morning(DAYS + 9 / 24))}]
    request = made.ask(school, kind="expert", windows=windows, distance_limit_km=FAR_KM)
    poll(lambda: _has_fallen(coordinator, request, "daylight"), made.PATIENCE)
    sets_out = _a_far_expert(stack, operator, spot, daylight_only=False)
    match = made.wait_for_match(coordinator, request, "offered", "confirmed")
    assert [leg["resource_id"] for leg in match["legs"]] == [sets_out["id"]] != [at_home["id"]]


def _has_fallen(coordinator: Person, request: made.Json, code: str) -> bool:
    """Whether something fell away by that, as far as has been told."""
    told = coordinator.get(f"/explanations/{request['id']}").json()
    return code in [reason["code"] for reason in told.get("reasons", ())]
