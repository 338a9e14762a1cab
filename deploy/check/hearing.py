"""Who hears which aggregates of whom, read off the services' own `@consume` lines so that it cannot drift."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

SERVICES = Path(__file__).resolve().parents[2] / "services"
Hears = Mapping[str, Sequence[str]]


@cache
def hearing() -> dict[str, Hears]:
    """consumer -> owner -> aggregates, for every service with an inbox entrypoint."""
    return {path.parent.name: heard for path in sorted(SERVICES.glob("*/service.py")) if (heard := _of(path))}


def _of(path: Path) -> Hears:
    module = ast.parse(path.read_text(encoding="utf-8"))
    constants = dict(_constants(module))
    heard: dict[str, Sequence[str]] = {}
    for argument in _consume_arguments(module):
        node = constants.get(argument.id, argument) if isinstance(argument, ast.Name) else argument
        heard.update(ast.literal_eval(node))
    return heard


def _constants(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _consume_arguments(module: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _name(node.func) == "consume" and node.args:
            yield node.args[0]


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
