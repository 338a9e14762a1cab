"""How each process is prepared, started, asked for its health and completed: one table over all kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from deploy.local.processes import PROCESSES, Process
from deploy.local.servers import edge, elasticsearch, mail, ours, postgres, rabbitmq
from deploy.local.servers.program import Program
from deploy.local.settings import Settings


def _nothing(settings: Settings) -> None:
    """A part that has nothing to complete."""


@dataclass(frozen=True)
class Part:
    """One process of the stack and what can be done with it; `provision` runs once it is healthy."""

    process: Process
    prepare: Callable[[Settings], None]
    program: Callable[[Settings], Program]
    is_healthy: Callable[[Settings], bool]
    provision: Callable[[Settings], None] = _nothing
    deadline_seconds: float = 60.0


def _ours(name: str) -> Part:
    return Part(
        PROCESSES[name],
        ours.prepare,
        partial(_program_of_ours, name),
        partial(_health_of_ours, name),
        deadline_seconds=60.0,
    )


def _program_of_ours(name: str, settings: Settings) -> Program:
    return ours.program(settings, name)


def _health_of_ours(name: str, settings: Settings) -> bool:
    return ours.is_healthy(settings, name)


_SERVERS = {
    "epmd": Part(
        PROCESSES["epmd"],
        rabbitmq.prepare,
        rabbitmq.epmd_program,
        rabbitmq.epmd_is_healthy,
        deadline_seconds=15.0,
    ),
    "postgres": Part(
        PROCESSES["postgres"],
        postgres.prepare,
        postgres.program,
        postgres.is_healthy,
        postgres.provision,
        60.0,
    ),
    "rabbitmq": Part(
        PROCESSES["rabbitmq"],
        rabbitmq.prepare,
        rabbitmq.program,
        rabbitmq.is_healthy,
        rabbitmq.provision,
        90.0,
    ),
    "elasticsearch": Part(
        PROCESSES["elasticsearch"],
        elasticsearch.prepare,
        elasticsearch.program,
        elasticsearch.is_healthy,
        deadline_seconds=120.0,
    ),
    "mail": Part(PROCESSES["mail"], mail.prepare, mail.program, mail.is_healthy, deadline_seconds=30.0),
    "edge": Part(PROCESSES["edge"], edge.prepare, edge.program, edge.is_healthy, deadline_seconds=30.0),
}


def part(name: str) -> Part:
    """The part called `name`; LookupError with the known names if there is none."""
    if name not in PROCESSES:
        raise LookupError(f"no process {name!r}; known: {', '.join(PROCESSES)}")
    return _SERVERS.get(name) or _ours(name)
