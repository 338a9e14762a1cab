"""Reads the project's sources for the tests of its architecture: files, imports, strings."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from deploy.local.settings import CHECKOUT

SERVICES = ("accounts", "catalog", "demand", "experts", "matcher", "search", "ledger", "notices")


@cache
def committed() -> tuple[Path, ...]:
    """Every file that git knows or would add (a new one needs no commit), as paths below the checkout."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]
    output = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    names = sorted({name for name in output.split("\0") if name})
    return tuple(Path(name) for name in names if (CHECKOUT / name).is_file())


def modules(*folders: str) -> list[Path]:
    """The Python files below these folders."""
    return [path for path in committed() if path.suffix == ".py" and _is_below(path, folders)]


def text_of(path: Path) -> str:
    """A file's text; empty for what is not text."""
    try:
        return (CHECKOUT / path).read_text()
    except UnicodeDecodeError:
        return ""


@cache
def tree_of(path: Path) -> ast.Module:
    """A Python file's syntax tree."""
    return ast.parse(text_of(path), str(path))


def imports_of(path: Path) -> set[str]:
    """Full names of what a Python file imports, in functions too; `from a import b` counts as a.b."""
    return {name for node in ast.walk(tree_of(path)) for name in _imported(node, path)}


def strings_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each string constant that is no docstring, pieces of f-strings included."""
    docstrings = {id(node) for node in _docstrings(tree_of(path))}
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def _is_below(path: Path, folders: tuple[str, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _imported(node: ast.AST, path: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = _absolute(node, path)
        return [f"{base}.{alias.name}" for alias in node.names]
    return []


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = path.parts[: len(path.parts) - node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            yield body[0].value
