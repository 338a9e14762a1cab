"""Borders that the table of imports leaves open: what runs services, what drives them, what nobody uses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.architecture.source import imports_of, modules
from tests.architecture.test_clock import reads_in_sql

# nameko's own ways to tell and to call: they lose messages, wait for ever, or share one exchange.
STOCK = ("nameko.events", "nameko.messaging", "nameko.rpc", "nameko.standalone", "nameko.web.websocket")


def found(paths: Iterable[Path], *banned: str) -> list[str]:
    """Return `file imports module` for each import of a banned module or of one inside it."""
    return [
        f"{path} imports {name}"
        for path in paths
        for name in imports_of(path)
        if any(name == module or name.startswith(f"{module}.") for module in banned)
    ]


def test_there_is_something_to_hold() -> None:
    assert len(modules("services")) > 100
    assert any(imports_of(path) for path in modules("services/catalog/usecases"))


def test_no_service_knows_the_stack_or_the_tests() -> None:
    assert found(modules("services", "schemas"), "deploy", "tests", "loadtests", "pytest") == []


def test_use_cases_know_neither_hub_nor_http() -> None:
    cases = [path for path in modules("services") if "usecases" in path.parts]
    assert found(cases, "eventlet", "gevent", "werkzeug") == []


def test_nobody_uses_stock_messaging() -> None:
    assert found(modules("services", "deploy", "tests", "loadtests"), *STOCK) == []


def test_services_and_the_load_generator_share_no_process() -> None:
    assert found(modules("services", "deploy"), "locust", "gevent") == []


@pytest.mark.parametrize(
    "sql",
    [
        "select now()",
        "update slot set at = CURRENT_TIMESTAMP",
        "create table a (b timestamptz default clock_timestamp( ))",
        "select current_date - 1",
        "insert into a values ('now')",
    ],
)
def test_a_clock_read_is_seen(sql: str) -> None:
    assert reads_in_sql(sql)


@pytest.mark.parametrize("sql", ["select %(now)s", "select now from round", "-- not now()\nselect 1"])
def test_what_is_no_clock_read_is_not_taken_for_one(sql: str) -> None:
    assert not reads_in_sql(sql)
