"""The same indices and questions on the newest Elasticsearch, where a Java for it is found."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from services.search.storage import Engine
from tests.integration.search.conftest import World


@pytest.fixture
def newest_world(newest_elasticsearch: str) -> Iterator[World]:
    """A world that search on the newest engine knows."""
    engine = Engine(newest_elasticsearch, prefix=f"test-{secrets.token_hex(4)}")
    engine.create(engine.serving, "000001")
    world = World(engine)
    world.tell_all()
    yield world
    engine.drop(engine.serving)
    engine.close()


@pytest.mark.parametrize("typed", ["年代", "chifeng", "ksktq", "地质年贷探秘", "克旗"])
def test_it_finds_the_same(newest_world: World, typed: str) -> None:
    found = newest_world.find(q=typed, facets=True, sort="date")
    assert [item["title"] for item in found["items"]] == ["地质年代探秘"]
    assert found["facets"]["kind"] == [{"value": "visit", "count": 1}]


def test_a_new_name_reaches_slots_there_too(newest_world: World) -> None:
    newest_world.tell("venue", {**newest_world.venue, "name": "石林馆"}, version=2)
    assert newest_world.titles(q="石林馆") == ["地质年代探秘"]
