"""The house's rules of writing: sizes, first lines, words, and what never enters a commit."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.source import committed, modules, text_of, tree_of

_CODE = ("deploy", "schemas", "services", "tests", "loadtests")
_LONGEST_FILE = 500
# It is handed out as one file, to be read from top to bottom.
_LONGEST_VERIFIER = 950
_LONGEST_FUNCTION = 60
_USUAL_FUNCTION = 10
#: Split, so that this file does not find itself.
_UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")))
_BARE = re.compile(r"#\s*type:\s*ignore(?!\[)|#\s*noqa(?!:)")
_WRONG_WORD = "示范" + "校"
_MACHINE = re.compile(r"(?<![\w./-])/(work|root)/\w")
_VAGUE = {"utils", "helpers", "base", "common_utils", "misc"}


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(tree_of(path))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_file_of_code_is_over_500_lines() -> None:
    for path in modules(*_CODE):
        longest = _LONGEST_VERIFIER if path.name == "verify.py" else _LONGEST_FILE
        assert len(text_of(path).splitlines()) <= longest, path


def test_functions_are_short() -> None:
    lengths = sorted(_length(function) for path in modules(*_CODE) for function in _functions(path))
    assert lengths[len(lengths) // 2] <= _USUAL_FUNCTION
    for path in modules(*_CODE):
        for function in _functions(path):
            assert _length(function) <= _LONGEST_FUNCTION, f"{path}: {function.name}"


def test_every_module_says_in_one_sentence_what_it_is() -> None:
    for path in modules(*_CODE):
        if text_of(path).strip():
            first = (ast.get_docstring(tree_of(path)) or "").split("\n\n")[0]
            assert first.endswith((".", "。")), path


def test_nothing_is_left_for_later() -> None:
    for path in modules(*_CODE):
        assert not _UNFINISHED.search(text_of(path)), path


def test_every_silenced_check_is_named() -> None:
    for path in modules(*_CODE):
        if path.parent.name != "architecture":
            assert not _BARE.search(text_of(path)), path


def test_no_module_is_a_drawer_for_everything() -> None:
    for path in modules(*_CODE):
        assert path.stem not in _VAGUE, path


def test_demonstration_data_is_called_that() -> None:
    for path in committed():
        assert _WRONG_WORD not in text_of(path), path


def test_no_file_names_a_machines_folders() -> None:
    for path in committed():
        if path.name != "test_house_rules.py":
            found = _MACHINE.search(text_of(path))
            assert not found, f"{path}: {found and found[0]}"


def test_tests_wait_on_conditions_not_on_time() -> None:
    waiting = {Path("tests/fixtures/stack.py")}
    for path in modules("tests"):
        if path not in waiting and path.parent.name != "architecture":
            assert "time.sleep(" not in text_of(path), path


def test_requirements_are_hashed_and_carry_no_address() -> None:
    for path in committed():
        if path.parent == Path("deploy/requirements") and path.suffix == ".txt":
            text = text_of(path)
            assert "://" not in text, path
            assert text.count("==") <= text.count("--hash="), path
