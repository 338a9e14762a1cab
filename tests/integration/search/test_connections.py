"""Questions go over kept connections, and one that broke while it lay idle costs nobody an answer."""

from __future__ import annotations

import socket

import pytest

from deploy.local.stack import Stack
from services.search.asking import Asker, NotAnswered
from services.search.domain import SearchUnavailable
from services.search.storage import Engine

EVERYTHING = {"query": {"match_all": {}}, "size": 0}


@pytest.fixture
def asker(stack: Stack, engine: Engine) -> Asker:
    """An asker of its own, to the engine that has indices."""
    return Asker(stack.environment("operator")["ELASTICSEARCH_URL"], seconds=3.0, kept=4)


def test_a_connection_is_kept_for_the_next_question(asker: Asker, engine: Engine) -> None:
    alias = engine.serving.alias("slots")
    asker.ask(alias, EVERYTHING)
    (kept,) = asker.idle
    asker.ask(alias, EVERYTHING)
    assert list(asker.idle) == [kept]
    asker.close()
    assert not asker.idle


def test_a_connection_that_broke_while_idle_is_replaced(asker: Asker, engine: Engine) -> None:
    alias = engine.serving.alias("slots")
    asker.ask(alias, EVERYTHING)
    (kept,) = asker.idle
    kept.sock.shutdown(socket.SHUT_RDWR)
    assert asker.ask(alias, EVERYTHING)["hits"]["hits"] == []
    assert list(asker.idle) != [kept]
    asker.close()


def test_what_the_engine_does_not_understand_is_our_error_and_the_connection_stays(
    asker: Asker, engine: Engine
) -> None:
    alias = engine.serving.alias("slots")
    with pytest.raises(NotAnswered, match="unknown query"):
        asker.ask(alias, {"query": {"no_such_query": {}}})
    assert asker.ask(alias, EVERYTHING)["hits"]["hits"] == []
    assert len(asker.idle) == 1
    asker.close()


def test_where_nobody_listens_search_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        asker = Asker(f"http://127.0.0.1:{taken.getsockname()[1]}", seconds=3.0, kept=4)
        with pytest.raises(SearchUnavailable):
            asker.ask("keqiao-slots", EVERYTHING)
