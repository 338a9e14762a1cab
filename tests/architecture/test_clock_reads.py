"""There is one clock: no SQL reads another, no code but the clock's own asks the machine for the time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source import calls, files, text, texts

IN_SQL = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(current_date|current_time|current_timestamp|localtime|localtimestamp)\b",
    re.IGNORECASE,
)
IN_PYTHON = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))$"
)
THE_CLOCK = Path("services/chassis/instant.py")
SQL_COMMENT = re.compile(r"--[^\n]*")


def reads_in_sql(sql: str) -> list[str]:
    """Return what a text of SQL says that would read the server's clock."""
    return [found.group(0) for found in IN_SQL.finditer(SQL_COMMENT.sub("", sql))]


@pytest.mark.parametrize(
    "sql",
    [
        "select now()",
        "update slot set at = CURRENT_TIMESTAMP",
        "create table a (b timestamptz default clock_timestamp( ))",
        "select current_date - 1",
    ],
)
def test_a_clock_read_is_seen(sql: str) -> None:
    assert reads_in_sql(sql)


@pytest.mark.parametrize("sql", ["select %(now)s", "select now from round", "-- not now()\nselect 1"])
def test_what_is_no_clock_read_is_not_taken_for_one(sql: str) -> None:
    assert not reads_in_sql(sql)


def test_no_migration_reads_the_clock() -> None:
    found = {str(file): reads_in_sql(text(file)) for file in files(".sql", rooms=("services",))}
    assert {file: reads for file, reads in found.items() if reads} == {}


def test_no_statement_in_code_reads_the_clock() -> None:
    found = [
        f"{file}:{line} {reads_in_sql(value)}"
        for file in files(".py", rooms=("services",))
        for line, value in texts(file)
        if reads_in_sql(value)
    ]
    assert found == []


def test_no_service_asks_the_machine_for_the_time() -> None:
    found = [
        f"{file}:{line} calls {name}"
        for file in files(".py", rooms=("services", "schemas"))
        if file != THE_CLOCK
        for line, name in calls(file)
        if IN_PYTHON.search(name)
    ]
    assert found == []
