"""Facts come in any order, more than once and from two workers at once; what is found is the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from services.search import domain, usecases
from services.search.storage import Engine
from tests.builders import facts
from tests.integration.search.conftest import World

_ORDERS = list(permutations(("organisation", "venue", "programme", "slot")))


@pytest.mark.parametrize("order", _ORDERS[::5], ids="-".join)
def test_the_order_of_facts_does_not_matter(new_world: Callable[[], World], order: tuple[str, ...]) -> None:
    world = new_world()
    for aggregate in order:
        world.tell(aggregate, getattr(world, aggregate))
    (item,) = world.find()["items"]
    assert item["title"] == "地质年代探秘"
    assert item["venue_name"] == "克什克腾世界地质公园博物馆"
    assert item["organisation_name"] == "克什克腾旗文化旅游局"


def test_an_older_fact_changes_nothing(world: World) -> None:
    world.tell("slot", {**world.slot, "free": 10}, version=3)
    world.tell("slot", {**world.slot, "free": 50}, version=2)
    assert [item["free"] for item in world.find()["items"]] == [10]


def test_a_fact_told_twice_changes_nothing(world: World) -> None:
    before = world.find()
    world.tell_all()
    assert world.find() == before


def test_a_programmes_new_title_reaches_its_slots(world: World) -> None:
    world.tell("programme", {**world.programme, "title": "恐龙时代"}, version=2)
    assert world.titles(q="恐龙") == ["恐龙时代"]
    assert world.titles(q="地质年代") == []


def test_a_new_title_reaches_a_slot_of_which_old_news_comes_beside_it(world: World) -> None:
    world.tell("slot", {**world.slot, "free": 7}, version=3)
    renamed = {**world.programme, "title": "恐龙时代"}
    old, new = facts.told("slot", world.slot, version=2), facts.told("programme", renamed, version=2)
    usecases.take_in(world.engine, [old, new])
    assert [(item["title"], item["free"]) for item in world.find()["items"]] == [("恐龙时代", 7)]


def test_a_venues_new_name_reaches_slots_and_programmes(world: World) -> None:
    world.tell("venue", {**world.venue, "name": "石林馆"}, version=2)
    assert world.titles(q="石林馆") == ["地质年代探秘"]
    assert world.titles(q="石林馆", type="programmes") == ["地质年代探秘"]
    assert world.titles(q="世界地质公园") == []


def test_an_organisations_new_name_reaches_all(world: World) -> None:
    world.tell("organisation", {**world.organisation, "name": "经棚科普中心"}, version=2)
    for type_ in ("slots", "programmes", "venues"):
        assert len(world.titles(q="经棚科普中心", type=type_)) == 1


def test_a_slot_moved_to_another_venue_shows_that_one(world: World) -> None:
    other = facts.venue("达里湖观鸟站", world.organisation["id"], "150425")
    world.tell("venue", {**world.venue, "name": "改过名的馆"}, version=40)
    world.tell("venue", other)
    world.tell("slot", {**world.slot, "venue_id": other["id"]}, version=2)
    assert [item["venue_name"] for item in world.find()["items"]] == ["达里湖观鸟站"]


def test_a_withdrawn_programme_takes_its_slots_away(world: World) -> None:
    world.tell("programme", {**world.programme, "state": "withdrawn"}, version=2)
    assert world.titles() == []
    assert world.titles(bookable=False) == []


def test_seats_that_are_gone_are_not_found(world: World) -> None:
    world.tell("slot", {**world.slot, "taken": 60, "free": 0}, version=2)
    assert world.titles() == []
    assert world.titles(bookable=False) == ["地质年代探秘"]


def test_an_experts_engagement_takes_the_time_away(world: World) -> None:
    expert = facts.expert("李雷", world.organisation["id"])
    day = facts.NOW + timedelta(days=10)
    world.tell("expert", expert)
    assert world.titles(type="experts") == ["李雷"]
    engagement = facts.engagement(expert, day - timedelta(days=1), day + timedelta(days=2))
    world.tell("engagement", engagement)
    assert world.titles(type="experts") == []
    world.tell("engagement", {**engagement, "state": "released"}, version=2)
    assert world.titles(type="experts") == ["李雷"]


def test_an_engagement_may_come_before_its_expert(world: World) -> None:
    expert = facts.expert("韩梅", world.organisation["id"])
    day = facts.NOW + timedelta(days=10)
    world.tell("engagement", facts.engagement(expert, day, day + timedelta(days=2)))
    world.tell("expert", expert)
    assert world.titles(type="experts") == []


def _race(world: World, rounds: int) -> int:
    """Let a slot's and its programme's facts be taken in at the same moment; count wrong documents."""
    wrong = 0
    for version in range(2, rounds + 2):
        programme = {**world.programme, "title": f"第{version}版"}
        pair = (("slot", world.slot), ("programme", programme))
        workers = [threading.Thread(target=world.tell, args=(*told, version)) for told in pair]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        world.engine.refresh(world.engine.serving.alias("slots"))
        wrong += world.titles() != [f"第{version}版"]
    return wrong


def test_two_workers_at_once_leave_the_newest(world: World) -> None:
    assert _race(world, 15) == 0


def _late_write(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A worker composes a slot, is held up while the programme is renamed, and then writes; what is found."""
    held_up: list[Any] = []
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "put", lambda _, __, documents: held_up.extend(documents))
        usecases.compose_again(world.engine, world.engine.serving, [f"slot:{world.slot['id']}"])
    world.tell("programme", {**world.programme, "title": "新名"}, version=2)
    world.engine.put(world.engine.serving, held_up)
    return world.titles()


def test_a_late_write_does_not_bring_an_old_name_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _late_write(world, monkeypatch) == ["新名"]


def test_ranked_by_its_own_version_alone_a_late_write_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: this is what the rank guards against."""
    monkeypatch.setattr(domain, "rank", lambda own, *_: own * 2**39)
    assert _late_write(world, monkeypatch) == ["地质年代探秘"]
