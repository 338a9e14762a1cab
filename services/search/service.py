"""Search over HTTP, and the facts that fill it."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import eventlet
import orjson
import structlog
from nameko.extensions import DependencyProvider

from schemas.http.search import SearchPage, SearchQuery, SuggestionQuery, Suggestions
from schemas.refusal import Unavailable
from services.chassis import http, inbox
from services.chassis.auth import Tokens
from services.chassis.backoff import Backoff
from services.chassis.clock import Clock
from services.chassis.instant import system_clock
from services.chassis.link import bus_url
from services.chassis.paging import Paging, make_cursor
from services.chassis.sole import Taken
from services.chassis.telemetry import Telemetry
from services.search import rebuild, usecases
from services.search.domain import SearchUnavailable
from services.search.storage import Engine

WATCH_SECONDS, LONGEST_WATCH_SECONDS = 1.0, 15.0
_log = structlog.get_logger(__name__)


@cache
def the_engine() -> Engine:
    """The process's one Engine, at ELASTICSEARCH_URL; connects to nothing yet."""
    return Engine(os.environ["ELASTICSEARCH_URL"])


def elasticsearch_answers() -> bool:
    """Whether the cluster can be asked and written to."""
    try:
        return the_engine().is_healthy()
    except SearchUnavailable:
        return False


def indices_serve() -> bool:
    """Whether there is something to ask; otherwise search is catching up."""
    engine = the_engine()
    try:
        return engine.exists(engine.serving)
    except SearchUnavailable:
        return False


class Elastic(DependencyProvider):
    """Gives each worker the Engine; the service starts also while Elasticsearch is down."""

    def setup(self) -> None:
        """Shared by the process's classes."""
        self.engine = the_engine()

    def get_dependency(self, _: object) -> Engine:
        """Return the engine."""
        return self.engine


class Rebuilder(DependencyProvider):
    """Looks every few seconds whether there are indices, and has them rebuilt where there are none."""

    def start(self) -> None:
        """Begin to look; ended with the service, in the middle of a rebuild too."""
        self.container.spawn_managed_thread(self._watch, identifier="rebuilder")

    def _watch(self) -> None:
        pause = Backoff(WATCH_SECONDS, LONGEST_WATCH_SECONDS)
        while True:
            if self._serves_or_was_rebuilt():
                pause.reset()
            eventlet.sleep(pause.next())

    def _serves_or_was_rebuilt(self) -> bool:
        """Whatever goes wrong is told in the log and tried again; a rebuild leaves nothing half done."""
        try:
            if the_engine().exists(the_engine().serving):
                return True
            self._rebuild()
        except (SearchUnavailable, Taken):
            return True  # nothing to try at this moment, and nothing to wait longer for
        except Exception as error:  # noqa: BLE001 - the outermost loop: search must not stay empty
            _log.warning("rebuild_failed", error=f"{type(error).__name__}: {error}")
            return False
        return True

    def _rebuild(self) -> None:
        rebuild.rebuild_alone(
            the_engine(),
            bus_url(self.container.config),
            now=system_clock().now(),
            say=lambda step: _log.info("rebuilding", step=step),
        )


class Query(SearchQuery, Paging):
    """What may be asked, page by page."""


class SearchHttp:
    """Public: what is found here is shown to everybody."""

    name = "search_http"
    engine = Elastic()
    clock = Clock()
    tokens = Tokens()
    telemetry = Telemetry("search", checks={"search": elasticsearch_answers, "indices": indices_serve})
    openapi = http.OpenApi("search")

    @http.endpoint("GET", "/search", query=Query, answer=SearchPage, roles=None, transaction=False)
    def find(self, call: http.Call) -> http.Written:
        """Slots, programmes, venues or experts that suit."""
        found = usecases.find(self.engine, call.query, call.now)
        keys = found["next_keys"]
        answer = {
            "items": found["items"],
            "next": make_cursor(keys) if keys else None,
            "total": found["total"],
            "facets": found["facets"],
        }
        # All in it was read from JSON or measured between two points: there is no NaN to refuse.
        return http.Written(orjson.dumps(answer))

    @http.endpoint(
        "GET", "/suggestions", query=SuggestionQuery, answer=Suggestions, roles=None, transaction=False
    )
    def suggest(self, call: http.Call) -> dict[str, Any]:
        """Names that hold what was typed so far."""
        return {"items": usecases.suggest(self.engine, call.query["q"], call.query["limit"])}


class Search:
    """Takes the owners' facts into the indices."""

    name = "search"
    engine = Elastic()
    rebuilder = Rebuilder()

    @inbox.consume(
        {
            "accounts": ["district", "organisation"],
            "catalog": ["venue", "programme", "slot", "unit"],
            "experts": ["expert", "engagement"],
        },
        stateless=True,
        whole=True,
        batch=200,
    )
    def take_in(self, facts: list[inbox.Fact], _: None) -> None:
        """Indexes what happened; while Elasticsearch is away the facts wait on the bus."""
        try:
            usecases.take_in(self.engine, facts)
        except SearchUnavailable as error:
            raise Unavailable from error
