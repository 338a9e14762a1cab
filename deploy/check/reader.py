"""Reads every service's database as the `checker` role, and the search indices; never writes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import requests
from psycopg.rows import dict_row

Row = dict[str, Any]


class CannotRead(Exception):
    """A database or the search servers did not answer, so nothing can be said."""


class Reader:
    """One read-only connection a database, opened when first asked for."""

    def __init__(self, database_url: str, elasticsearch_url: str) -> None:
        self._url, self._elasticsearch = database_url, elasticsearch_url
        self._open: dict[str, psycopg.Connection[Row]] = {}

    def rows(self, service: str, query: str, params: Mapping[str, object] | None = None) -> list[Row]:
        """The rows of one query, each query seeing one moment of its database."""
        try:
            with self._connection(service).cursor() as cursor:
                return cursor.execute(query.encode(), params).fetchall()
        except psycopg.OperationalError as error:
            raise CannotRead(f"{service}'s database: {error}") from error

    def one(self, service: str, query: str, params: Mapping[str, object] | None = None) -> Row:
        """The only row of a query."""
        (row,) = self.rows(service, query, params)
        return row

    def keeps_inbox(self, service: str) -> bool:
        """Whether a service remembers what it read; search does not, its documents carry versions."""
        return service != "search"

    def documents(self, alias: str) -> int:
        """How many documents an index has, all that were written until now."""
        found = self._found(alias, {"size": 0, "track_total_hits": True})
        return int(found["hits"]["total"]["value"]) if found else 0

    def fact_versions(self) -> dict[str, int]:
        """The sum of the versions of the facts that search keeps, by aggregate."""
        versions = {"versions": {"sum": {"field": "version"}}}
        by_aggregate = {"terms": {"field": "aggregate", "size": 50}, "aggs": versions}
        found = self._found("keqiao-facts", {"size": 0, "aggs": {"aggregates": by_aggregate}})
        buckets = found["aggregations"]["aggregates"]["buckets"] if found else []
        return {bucket["key"]: int(bucket["versions"]["value"]) for bucket in buckets}

    def _found(self, alias: str, body: Row) -> Row | None:
        """The engine's answer; None before search has made its indices, which it does with the first fact."""
        try:
            refreshed = requests.post(f"{self._elasticsearch}/{alias}/_refresh", timeout=30)
            if refreshed.status_code == 404:
                return None
            answer = requests.post(f"{self._elasticsearch}/{alias}/_search", json=body, timeout=30)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise CannotRead(f"index {alias}: {error}") from error
        found: Row | None = answer.json()
        return found

    def close(self) -> None:
        """Ends all connections."""
        for connection in self._open.values():
            connection.close()

    def _connection(self, service: str) -> psycopg.Connection[Row]:
        if service not in self._open:
            self._open[service] = psycopg.connect(
                self._url.replace("{service}", service),
                row_factory=dict_row,
                autocommit=True,
                options="-c default_transaction_read_only=on -c statement_timeout=60000",
            )
        return self._open[service]


@contextmanager
def live_reader(variables: Mapping[str, str] = os.environ) -> Iterator[Reader]:
    """A reader of the stack that the environment names (see `deploy.local`)."""
    if "CHECKER_DATABASE_URL" not in variables:
        variables = _of_local_stack()
    reader = Reader(variables["CHECKER_DATABASE_URL"], variables["ELASTICSEARCH_URL"])
    try:
        yield reader
    finally:
        reader.close()


def _of_local_stack() -> Mapping[str, str]:
    from deploy.local.environment import environment
    from deploy.local.settings import from_environment

    return environment(from_environment(), "checker")
