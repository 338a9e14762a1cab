"""One small story from wishes to the ledger, as a district's people live it: over HTTP, through the edge."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person
from tests.fixtures.stack import poll
from tests.fixtures.unbroken import checked
from tests.fixtures.valley import AT_ONCE_DAY, DAYS, FIRST_DAY, Valley

Json = dict[str, Any]
OFFER_HOURS = 1
PAPERS = ("problem", "solution", "certificate")
REASON = "校车当天不开（演示）"


@pytest.fixture(autouse=True)
def clock_is_put_back(stack: Stack) -> Iterator[None]:
    """The story moves the stack's clock past one deadline."""
    yield
    stack.reset_clock()


@pytest.mark.timeout(420)
def test_from_wishes_to_the_ledger(valley: Valley, stack: Stack) -> None:
    first, second, third = valley.schools

    # A round is announced. The museum keeps three mornings for it; the base has one for whoever comes first.
    round_ = made.a_round(valley.coordinator, adcode=valley.adcode, offer_hours=OFFER_HOURS)
    kept = {"seats": 60, "round_id": round_["id"]}
    mornings = made.some_slots(valley.museum, valley.spot, DAYS, policy="ask", days=FIRST_DAY, **kept)
    (free_morning,) = made.some_slots(valley.base, valley.spot, seats=40, days=AT_ONCE_DAY)

    # Six wishes, one of them for what nobody offers; and one at once, which needs nobody's answer.
    visit = wish(first, round_, group_size=25)
    declined = wish(second, round_, group_size=30)
    together = wish(third, round_, group_size=20, with_expert=True)
    lecture = wish(first, round_, group_size=40, kind="expert")
    caravan = wish(second, round_, group_size=180, kind="exhibition", topics=["energy"])
    impossible = wish(third, round_, group_size=20, topics=["ocean"])
    at_once = made.ask(second, days=AT_ONCE_DAY, group_size=35)
    made.wait_for_match(valley.coordinator, at_once, "confirmed")

    # The round closes and is drawn up with a proof. Schools see nothing of it yet.
    close(valley.coordinator, round_)
    drafts = list_of(valley.coordinator, f"/rounds/{round_['id']}/matches")
    served = [visit, declined, together, lecture, caravan]
    assert {draft["request_id"] for draft in drafts} == {request["id"] for request in served}
    assert not any(list_of(first.teacher, f"/matches?round_id={round_['id']}"))

    # The coordinator moves one visit by hand, says why, reviews and publishes.
    moved = move(valley.coordinator, draft_of(drafts, visit), mornings)
    assert published(valley, stack, round_).startswith("true: 5 of 6 requests served")
    assert explanation(third.teacher, impossible)["outcome"] == "unserved"
    offers = {request["id"]: offer_of(valley, request) for request in served}
    assert offers[visit["id"]]["legs"][0]["resource_id"] == moved
    assert {leg["resource_kind"] for leg in offers[together["id"]]["legs"]} == {"slot", "expert"}

    # Everybody answers but the lecture's expert. The museum declines one group, which gets another morning.
    answer(valley, offers[declined["id"]], "decline", "展厅当天检修（演示）")
    for request in (visit, together, caravan):
        answer(valley, offers[request["id"]], "accept")
        made.wait_for_match(valley.coordinator, request, "confirmed")
    again = offer_of(valley, declined, after=offers[declined["id"]])
    assert again["legs"][0]["resource_id"] != offers[declined["id"]]["legs"][0]["resource_id"]
    answer(valley, again, "accept")
    made.wait_for_match(valley.coordinator, declined, "confirmed")

    # The lecture's deadline passes: the hours are free again, and another expert is asked.
    stack.move_clock(OFFER_HOURS * 3600 + 120)
    valley = valley.log_in_again()
    asked_again = offer_of(valley, lecture, after=offers[lecture["id"]])
    expired = made.wait_for(valley.coordinator, offers[lecture["id"]]["id"], "expired")
    assert asked_again["legs"][0]["resource_id"] != expired["legs"][0]["resource_id"]
    answer(valley, asked_again, "accept")
    made.wait_for_match(valley.coordinator, lecture, "confirmed")

    # All of it is told: to the schools, in the ledger, in coverage, in the inboxes, in search.
    all_is_told(valley, confirmed=[*served, at_once], unserved=impossible)
    poll(lambda: search_shows(valley, mornings, taken=25 + 30 + 20), made.PATIENCE)
    poll(lambda: search_shows(valley, [free_morning], taken=35), made.PATIENCE)

    # And nothing is oversold, lost or out of step.
    stack.reset_clock()
    assert "check: ok" in checked(stack)


def all_is_told(valley: Valley, confirmed: list[Json], unserved: Json) -> None:
    """Schools, ledger, coverage and inboxes say what became of the wishes."""
    reached = sum(request["group_size"] for request in confirmed)
    teacher, staff = valley.schools[2].teacher, valley.museum.staff
    poll(lambda: stand_at(valley.coordinator, confirmed, "confirmed"), made.PATIENCE)
    poll(lambda: stand_at(valley.coordinator, [unserved], "unserved"), made.PATIENCE)
    poll(lambda: the_ledger_has(valley, confirmed), made.PATIENCE)
    poll(lambda: coverage_is(valley, schools=3, activities=len(confirmed), reached=reached), made.PATIENCE)
    poll(lambda: has_notices(teacher, "match_confirmed", "request_unserved"), made.PATIENCE)
    poll(lambda: has_notices(staff, "offer_awaits_answer"), made.PATIENCE)


def wish(school: made.School, round_: Json, **changes: Any) -> Json:
    """A request of the round for any of its mornings."""
    return made.ask_in_round(school, round_, windows=[made.whole_days(FIRST_DAY, DAYS)], **changes)


def published(valley: Valley, stack: Stack, round_: Json) -> str:
    """What the published verifier says of the now published papers, fetched and run as anybody may."""
    made.published(valley.coordinator, round_, drawn_up=True)
    address = f"http://127.0.0.1:{stack.settings.port('edge')}/api/v1"
    wanted = {f"{name}.json": f"/rounds/{round_['id']}/papers/{name}" for name in PAPERS}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in {"verify.py": "/verifier", **wanted}.items():
            Path(folder, name).write_bytes(requests.get(address + path, timeout=30).content)
        command = [sys.executable, "-I", "verify.py", *wanted]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def close(coordinator: Person, round_: Json) -> None:
    """Before its time; the draft comes with value, bound and gap."""
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    drawn = made.wait_for_round(coordinator, round_, "drawn_up")
    assert drawn["gap"] == 0
    assert drawn["value"] == drawn["bound"] > 0


def draft_of(drafts: list[Json], request: Json) -> Json:
    """The request's draft."""
    return next(draft for draft in drafts if draft["request_id"] == request["id"])


def move(coordinator: Person, draft: Json, mornings: list[Json]) -> str:
    """To another morning with room, by hand; its id."""
    for morning in mornings:
        wanted = {"resource_kind": "slot", "resource_id": morning["id"], "reason": REASON}
        path = f"/matches/{draft['id']}/move"
        if morning["id"] != draft["legs"][0]["resource_id"]:
            shown = coordinator.post(f"{path}/preview", wanted)
            if shown.status_code == 200:
                answered = coordinator.post(path, {**wanted, "shown": shown.json()["shown"]})
                assert answered.json()["pin_reason"] == REASON
                return str(morning["id"])
    raise AssertionError("no morning takes the group")


def offer_of(valley: Valley, request: Json, after: Json | None = None) -> Json:
    """The request's offer; with `after`, a later one than that."""

    def offered() -> Json | None:
        """The request has a newer offer."""
        newest = list_of(valley.coordinator, f"/matches?request_id={request['id']}")[-1:]
        ready = [match for match in newest if match["state"] == "offered"]
        return next((match for match in ready if not after or match["id"] != after["id"]), None)

    return poll(offered, made.PATIENCE, 0.2)


def answer(valley: Valley, offer: Json, what: str, reason: str | None = None) -> None:
    """By every party that is asked; whoever declines does so for all."""
    parties = [each for each in offer["agreements"] if each["needed"] and each["answer"] is None]
    for agreement in parties[:1] if what == "decline" else parties:
        body = {"answer": what, "reason": reason}
        answered = valley.speaks_for(agreement).post(f"/matches/{offer['id']}/answers", body)
        assert answered.status_code == 200, answered.text


def explanation(teacher: Person, request: Json) -> Json:
    """Why a request found nothing, to its school."""
    found = teacher.get(f"/explanations/{request['id']}")
    assert found.status_code == 200, found.text
    told: Json = found.json()
    assert told["reasons"]
    return told


def list_of(person: Person, path: str) -> list[Json]:
    """The items of a list."""
    found = person.get(path)
    assert found.status_code == 200, found.text
    items: list[Json] = found.json()["items"]
    return items


def stand_at(coordinator: Person, requests: list[Json], state: str) -> bool:
    """Demand says so of each request."""
    states = [coordinator.get(f"/requests/{request['id']}").json()["state"] for request in requests]
    assert states == [state] * len(requests), states
    return True


def the_ledger_has(valley: Valley, requests: list[Json]) -> bool:
    """One confirmed entry a request."""
    entries = list_of(valley.coordinator, f"/ledger?district={valley.adcode}&state=confirmed")
    assert len(entries) == len(requests), [entry["state"] for entry in entries]
    assert sorted(entry["group_size"] for entry in entries) == sorted(each["group_size"] for each in requests)
    return True


def coverage_is(valley: Valley, *, schools: int, activities: int, reached: int) -> bool:
    """The district's row says so, and nobody was left out."""
    rows = valley.coordinator.get("/coverage?by=district").json()["rows"]
    (row,) = [row for row in rows if row["value"] == valley.adcode]
    assert (row["schools"], row["served"], row["never_served"]) == (schools, schools, 0), row
    assert (row["activities"], row["reached"]) == (activities, reached), row
    return True


def has_notices(person: Person, *kinds: str) -> bool:
    """Notices of these kinds are in the inbox, with texts."""
    notices = list_of(person, "/notices?limit=200")
    assert {notice["kind"] for notice in notices} >= set(kinds), notices
    return all(notice["title"] and notice["body"] for notice in notices)


def search_shows(valley: Valley, slots: list[Json], taken: int) -> bool:
    """Search has the free seats that catalog has, and together so many are taken."""
    programme = slots[0]["programme_id"]
    hits = list_of(
        valley.coordinator, f"/search?type=slots&programme_id={programme}&bookable=false&limit=200"
    )
    free = {hit["id"]: hit["free"] for hit in hits}
    owners = [valley.coordinator.get(f"/slots/{slot['id']}").json() for slot in slots]
    assert free == {slot["id"]: slot["free"] for slot in owners}
    assert sum(slot["taken"] for slot in owners) == taken, owners
    return True
