"""An engine on the test stack's Elasticsearch, and a little world of facts of its own for every test."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploy.local.stack import Stack
from services.search import usecases
from services.search.storage import Engine
from tests.builders import facts
from tests.builders.facts import State

ASKED: Mapping[str, Any] = {
    "type": "slots",
    "q": None,
    "bookable": True,
    "sort": "relevance",
    "facets": False,
    "limit": 50,
    "cursor": None,
}


@pytest.fixture(scope="session")
def engine(stack: Stack) -> Iterator[Engine]:
    """An engine with indices of this run's own: the stack's are held against what their owners published."""
    engine = Engine(stack.environment("operator")["ELASTICSEARCH_URL"], prefix=f"test-{secrets.token_hex(4)}")
    engine.create(engine.serving, "000001")
    yield engine
    engine.drop(engine.building)
    engine.drop(engine.serving)
    engine.close()


@dataclass
class World:
    """One organisation with a venue, a programme and a slot, and nothing else of this test's."""

    engine: Engine
    organisation: State = field(
        default_factory=lambda: facts.organisation("克什克腾旗文化旅游局", adcode="150425")
    )
    venue: State = field(init=False)
    programme: State = field(init=False)
    slot: State = field(init=False)

    def __post_init__(self) -> None:
        owner = self.organisation["id"]
        self.venue = facts.venue("克什克腾世界地质公园博物馆", owner, "150425", level="national")
        self.programme = facts.programme("地质年代探秘", owner, self.venue["id"], summary="看化石，认地层")
        self.slot = facts.slot(self.programme)

    def tell(self, aggregate: str, state: State, version: int = 1) -> None:
        """Let search take one fact in."""
        usecases.take_in(self.engine, [facts.told(aggregate, state, version=version)])

    def tell_all(self) -> None:
        """Let search take the world in."""
        self.tell("district", facts.district("150400", "赤峰市"))
        self.tell("district", facts.district("150425", "克什克腾旗"))
        for aggregate in ("organisation", "venue", "programme", "slot"):
            self.tell(aggregate, getattr(self, aggregate))

    def find(self, **asked: Any) -> dict[str, Any]:
        """What search answers about this world alone."""
        for name in ("slots", "programmes", "venues", "experts"):
            self.engine.refresh(self.engine.serving.alias(name))
        return usecases.find(
            self.engine, {**ASKED, "organisation_id": self.organisation["id"], **asked}, facts.NOW
        )

    def titles(self, **asked: Any) -> list[str]:
        """The titles that search answers with."""
        return [item["title"] for item in self.find(**asked)["items"]]


@pytest.fixture
def new_world(engine: Engine) -> Callable[[], World]:
    """Makes worlds that search has not heard of yet."""
    return lambda: World(engine)


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    """A world that search knows."""
    world = new_world()
    world.tell_all()
    return world
