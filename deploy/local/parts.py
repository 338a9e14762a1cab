"""How each process is prepared, started, asked for its health and completed: one table over all kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from deploy.local.processes import PROCESSES, Process
from deploy.local.servers import edge, elasticsearch, mail, ours, postgres, rabbitmq
from deploy.local.servers.program import Program
from deploy.local.settings import Settings


def _nothing(settings: Settings) -> None:
    """A part that has nothing to complete."""


def _no_files(settings: Settings) -> list[Path]:
    return []


@dataclass(frozen=True)
class Part:
    """One process of the stack and what can be done with it; `provision` runs once it is healthy."""

    process: Process
    prepare: Callable[[Settings], None]
    program: Callable[[Settings], Program]
    is_healthy: Callable[[Settings], bool]
    provision: Callable[[Settings], None] = _nothing
    deadline_seconds: float = 150.0  # for a busy machine: what crashes again and again is given up sooner
    watched: Callable[[Settings], list[Path]] = _no_files


class _Server(Protocol):
    """What each module of deploy.local.servers offers; some have a `provision` besides."""

    def prepare(self, settings: Settings) -> None: ...
    def program(self, settings: Settings) -> Program: ...
    def is_healthy(self, settings: Settings) -> bool: ...
    def watched(self, settings: Settings) -> list[Path]: ...


def _ours(name: str) -> Part:
    return Part(
        PROCESSES[name],
        ours.prepare,
        partial(_program_of_ours, name),
        partial(_health_of_ours, name),
        watched=partial(_files_of_ours, name),
    )


def _files_of_ours(name: str, settings: Settings) -> list[Path]:
    return ours.watched(settings, PROCESSES[name])


def _program_of_ours(name: str, settings: Settings) -> Program:
    return ours.program(settings, name)


def _health_of_ours(name: str, settings: Settings) -> bool:
    return ours.is_healthy(settings, name)


def _server(name: str, module: _Server, deadline_seconds: float) -> Part:
    return Part(
        PROCESSES[name],
        module.prepare,
        module.program,
        module.is_healthy,
        getattr(module, "provision", _nothing),
        deadline_seconds,
        module.watched,
    )


_SERVERS = {
    "epmd": Part(
        PROCESSES["epmd"],
        rabbitmq.prepare,
        rabbitmq.epmd_program,
        rabbitmq.epmd_is_healthy,
        deadline_seconds=30.0,
    ),
    "postgres": _server("postgres", postgres, 120.0),
    "rabbitmq": _server("rabbitmq", rabbitmq, 180.0),
    "elasticsearch": _server("elasticsearch", elasticsearch, 240.0),
    "mail": _server("mail", mail, 60.0),
    "edge": _server("edge", edge, 60.0),
}


def part(name: str) -> Part:
    """The part called `name`; LookupError with the known names if there is none."""
    if name not in PROCESSES:
        raise LookupError(f"no process {name!r}; known: {', '.join(PROCESSES)}")
    return _SERVERS.get(name) or _ours(name)
