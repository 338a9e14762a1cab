"""How every file looks: a sentence at its top, a size that can be read, no check silenced wholesale."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.source import calls, files, imports, text, tree

LONGEST = 500
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "base", "common", "misc"}
MAY_BE_CALLED_COMMON = {Path("schemas/errors/common.py")}
# The poll with a deadline that every test uses in place of sleeping.
MAY_SLEEP = {Path("tests/fixtures/stack.py")}
BARE = re.compile(r"#\s*(noqa(?!:\s*[A-Z]+[0-9]+)|type:\s*ignore(?!\[[a-z-]+))")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
MACHINE = re.compile(r"(?<![\w.])/(work|root|home)/[a-z]")


def test_every_module_begins_with_a_sentence() -> None:
    assert [str(file) for file in files(".py", ".pyi") if not _first_sentence(tree(file))] == []


def test_no_file_is_longer_than_can_be_read() -> None:
    long = {
        str(file): lines
        for file in files(".py", ".pyi", ".sql", ".ts", ".js", ".css", ".html")
        if (lines := text(file).count("\n")) > LONGEST
    }
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [file for file in files(".py") if EMPTY_WORDS & {file.stem, *file.parent.parts}]
    assert [str(file) for file in found if file not in MAY_BE_CALLED_COMMON] == []


def test_no_check_is_silenced_without_its_name() -> None:
    assert _lines_with(BARE) == []


def test_nothing_is_left_unfinished_or_tied_to_a_machine() -> None:
    assert _lines_with(UNFINISHED) == []
    assert _lines_with(MACHINE) == []


def test_no_test_sleeps() -> None:
    found = [
        f"{file}:{line}"
        for file in files(".py", rooms=("tests",))
        if file not in MAY_SLEEP
        for line, name in calls(file)
        if name == "time.sleep" or (name == "sleep" and _imports_sleep(file))
    ]
    assert found == []


def _first_sentence(module: ast.Module) -> str:
    """Return the first line of a module's docstring if it is a sentence, or nothing."""
    first = (ast.get_docstring(module) or "").partition("\n")[0]
    return first if first.endswith((".", ":", "?")) else ""


def _imports_sleep(file: Path) -> bool:
    return any(name == "time.sleep" for name, _ in imports(file))


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Return every line of Python or SQL with the pattern; this file states the patterns, so not here."""
    return [
        f"{file}:{number} {line.strip()}"
        for file in files(".py", ".pyi", ".sql")
        if file.name != Path(__file__).name
        for number, line in enumerate(text(file).splitlines(), 1)
        if pattern.search(line)
    ]
