"""The one table of processes: what runs, on which ports, in which order; compose is held against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType


class Stage(IntEnum):
    """The order of starting; stopping goes the other way."""

    NAMING = 10
    SERVERS = 20
    SERVICES = 30
    EDGE = 40


@dataclass(frozen=True)
class Process:
    """One supervised process; `offsets` are its ports counted from the stack's port base."""

    name: str
    stage: Stage
    offsets: Mapping[str, int]
    stop_seconds: int
    stop_signal: str = "TERM"
    nameko_class: str = ""
    module: str = ""
    niceness: int = 0
    hidden: bool = field(default=False)

    @property
    def is_service(self) -> bool:
        """Whether nameko runs it (relay and solver are plain Python)."""
        return bool(self.nameko_class)

    @property
    def is_ours(self) -> bool:
        """Whether its code is in this repository rather than a server of the system's."""
        return self.is_service or bool(self.module)


def _server(name: str, stop_seconds: int, stop_signal: str = "TERM", **offsets: int) -> Process:
    return Process(name, Stage.SERVERS, MappingProxyType(offsets), stop_seconds, stop_signal)


def _service(name: str, nameko_class: str, offset: int) -> Process:
    ports = MappingProxyType({"http": offset, "metrics": offset + 20})
    return Process(name, Stage.SERVICES, ports, stop_seconds=15, nameko_class=nameko_class)


def _worker(name: str, module: str, offset: int, niceness: int = 0) -> Process:
    ports = MappingProxyType({"metrics": offset})
    return Process(name, Stage.SERVICES, ports, stop_seconds=15, module=module, niceness=niceness)


_TABLE = (
    Process("epmd", Stage.NAMING, MappingProxyType({"epmd": 3}), stop_seconds=3, hidden=True),
    _server("postgres", 30, "INT", sql=1),
    _server("rabbitmq", 40, amqp=2, distribution=4),
    _server("elasticsearch", 30, http=5, transport=6),
    Process("mail", Stage.SERVERS, MappingProxyType({"smtp": 7, "http": 8}), 5, module="deploy.local.mail"),
    _service("accounts", "Accounts", 20),
    _service("catalog", "Catalog", 21),
    _service("demand", "Demand", 22),
    _service("experts", "Experts", 23),
    _service("matcher", "Matcher", 24),
    _service("search", "Search", 25),
    _service("ledger", "Ledger", 26),
    _service("notices", "Notices", 27),
    _worker("relay", "services.chassis.relay", 50),
    _worker("solver", "services.matcher.solver", 51, niceness=10),
    Process("edge", Stage.EDGE, MappingProxyType({"http": 0}), stop_seconds=10),
)

PROCESSES: Mapping[str, Process] = MappingProxyType({process.name: process for process in _TABLE})
SERVICES = tuple(process.name for process in _TABLE if process.is_service)
#: Services that own a PostgreSQL database; search, which owns indices, has a small one for its inbox.
DATABASES = SERVICES
RELAYED = tuple(name for name in SERVICES if name != "search")


def named(name: str) -> Process:
    """The process called `name`; LookupError with the known names if there is none."""
    if name not in PROCESSES:
        raise LookupError(f"no process {name!r}; known: {', '.join(PROCESSES)}")
    return PROCESSES[name]


def in_stage(stage: Stage) -> tuple[Process, ...]:
    """The processes of one stage, in the table's order."""
    return tuple(process for process in PROCESSES.values() if process.stage is stage)
