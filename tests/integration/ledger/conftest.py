"""A ledger of the test's own: a scratch database, and facts told to it as the inbox would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services.chassis.store import Connection, Store
from services.ledger.usecases import recording
from tests.builders import facts
from tests.builders.facts import State
from tests.fixtures.scratch import Scratch


class Book:
    """A ledger that hears what the test tells."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def tell(self, aggregate: str, state: State, *, version: int = 1, **envelope: Any) -> None:
        """Record one fact."""
        with self.store.transaction() as conn:
            recording.record(conn, [facts.told(aggregate, state, version=version, **envelope)])

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read by."""
        with self.store.read() as conn:
            yield conn


@pytest.fixture
def new_book(scratch: Scratch) -> Callable[[], Book]:
    """Makes empty ledgers."""
    return lambda: Book(scratch("ledger"))


@pytest.fixture(scope="module")
def book(scratch: Scratch) -> Book:
    """The module's ledger."""
    return Book(scratch("ledger"))
