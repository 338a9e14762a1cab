"""The checkout's source as the architecture tests read it: files, syntax trees, what imports what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("services", "schemas", "deploy", "loadtests", "tests", "typings")
_NOT_OURS = {"__pycache__", "node_modules", "dist", ".local", ".venv", ".venv-load", ".vite"}


class Import(NamedTuple):
    """One module that a file imports, by its full name, and the line that says so."""

    name: str
    line: int


def files(*suffixes: str, rooms: tuple[str, ...] = ROOMS) -> Iterator[Path]:
    """Yield the files of these rooms with one of these endings, as paths below the checkout."""
    for room in rooms:
        for file in sorted((ROOT / room).rglob("*")):
            if file.suffix in suffixes and file.is_file() and not _NOT_OURS & set(file.parts):
                yield file.relative_to(ROOT)


@cache
def text(file: Path) -> str:
    """Return a file's text."""
    return (ROOT / file).read_text(encoding="utf-8")


@cache
def tree(file: Path) -> ast.Module:
    """Return a Python file's syntax tree."""
    return ast.parse(text(file), filename=str(file))


def module_name(file: Path) -> str:
    """Return the dotted name of a Python file's module."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file: Path) -> list[Import]:
    """Return every import of a file, wherever in it; `from a import b` counts as `a.b`."""
    found = []
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(file, node)
            found += [Import(f"{origin}.{alias.name}", node.lineno) for alias in node.names]
    return found


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and value of each text in a Python file that is not a docstring."""
    docstrings = {id(node) for node in _docstrings(tree(file))}
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def calls(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and dotted name of each call in a Python file that calls a name."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def _origin(file: Path, node: ast.ImportFrom) -> str:
    """Return the full name of the module that a `from` names."""
    if not node.level:
        return node.module or ""
    package = file.parent.parts[: len(file.parent.parts) - node.level + 1]
    return ".".join((*package, *(node.module or "").split("."))).rstrip(".")


def _docstrings(module: ast.Module) -> Iterator[ast.expr]:
    """Yield the texts that stand alone as statements: docstrings, of attributes too."""
    for node in ast.walk(module):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
