"""One clock: no statement, column default or use case reads the time by itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.source import committed, modules, strings_of, text_of, tree_of

_SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(current_(date|time|timestamp)|localtime|localtimestamp)\b"
    r"|'(now|today|tomorrow|yesterday)'",
    re.IGNORECASE,
)
_LOOKS_LIKE_SQL = re.compile(
    r"\b(select|insert|update|delete|values|default|where|returning|interval)\b", re.I
)
_COMMENT = re.compile(r"--.*$", re.MULTILINE)
_READERS = {"now", "utcnow", "today", "time", "time_ns"}
#: Where the one clock is read.
_CLOCKS = {"services/chassis/instant.py", "services/chassis/clock.py"}


def test_no_sql_file_reads_the_clock() -> None:
    for path in committed():
        if path.suffix == ".sql":
            assert not (found := reads_in_sql(text_of(path))), f"{path}: {found}"


def test_no_statement_in_code_reads_the_clock() -> None:
    for path in modules("services", "deploy/check"):
        for line, text in strings_of(path):
            if _LOOKS_LIKE_SQL.search(text):
                assert not (found := reads_in_sql(text)), f"{path}:{line}: {found}"


def test_no_code_of_a_service_reads_the_wall_clock() -> None:
    for path in modules("services"):
        if str(path) not in _CLOCKS:
            assert not _wall_clock_reads(path), path


def reads_in_sql(sql: str) -> str:
    """What reads the server's clock in a text of SQL, comments left out; empty if nothing does."""
    found = _SQL_CLOCK.search(_COMMENT.sub("", sql))
    return found[0] if found else ""


def _wall_clock_reads(path: Path) -> list[int]:
    return [node.lineno for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call) and _reads(node)]


def _reads(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in _READERS:
        return False
    return ast.unparse(function.value) in ("datetime", "datetime.datetime", "date", "datetime.date", "time")
