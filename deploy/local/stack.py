"""One stack from outside: up, down, faults, clock; the command line and the tests both stand on it."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import account, fingerprints, leftovers
from deploy.local import environment as environments
from deploy.local.parts import part
from deploy.local.processes import PROCESSES, SERVICES, Stage, in_stage, named
from deploy.local.progress import StackError, say, tail
from deploy.local.servers import ours
from deploy.local.settings import HOST, Settings, from_environment, remember
from deploy.local.supervision import ALIVE, Supervisor

_POLL_SECONDS = 0.1
_PROGRESS_SECONDS = 5.0
#: Starts after which a part is given up: a server needs nobody, a service may wait for others a few times.
_LIVES = {Stage.NAMING: 3, Stage.SERVERS: 3, Stage.SERVICES: 8, Stage.EDGE: 3}
_TO_ALL = (signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT)


@dataclass(frozen=True)
class Line:
    """One process in the table of `status`."""

    name: str
    state: str
    pid: int
    uptime_seconds: int
    ports: str
    healthy: bool


@dataclass(frozen=True)
class Extra:
    """A second process of a service, outside the supervisor; `down` ends it too."""

    label: str
    process: subprocess.Popen[bytes]
    http_port: int
    metrics_port: int

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal and, for a deadly one, wait for its end (20 s, then StackError)."""
        self.process.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self._wait()

    def _wait(self) -> None:
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            raise StackError(f"{self.label} did not end within 20 s") from None


class Stack:
    """The stack that the settings name; nothing is started by making this object."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or from_environment()
        self._supervisor = Supervisor(self.settings)

    def up(self, only: Iterable[str] | None = None, services: bool = True) -> None:
        """Bring the stack, or only some parts, to health; StackError says what failed and shows its log."""
        wanted = _wanted(only, services)
        with self._locked():
            account.folder(self.settings.logs, account.invoker(), mode=0o755)
            remember(self.settings)
            self._supervisor.ensure_running()
            self._start_stage(wanted, Stage.NAMING)
            self._start_stage(wanted, Stage.SERVERS)
            if _needs_schemas(wanted):
                ours.compile_sources(self.settings)
                self.migrate()
            self._start_stage(wanted, Stage.SERVICES)
            self._start_stage(wanted, Stage.EDGE)
        say(f"up: {', '.join(name for name in self._written(wanted) if not PROCESSES[name].hidden)}")

    def down(self) -> None:
        """End every process of the stack, in the reverse order, and leave its data."""
        with self._locked():
            if self._supervisor.is_running():
                self._stop_stages()
                self._supervisor.shutdown()
            ended = leftovers.end(self.settings, patience_seconds=8.0)
        say(f"down{f' ({len(ended)} stray processes ended)' if ended else ''}")

    def migrate(self) -> None:
        """Run the migrations of every service that has some, and make all queues."""
        done = [service for service in SERVICES if ours.migrate(self.settings, service)]
        ours.prepare_queues(self.settings)
        say(f"migrated: {', '.join(done) or 'no service has migrations yet'}")

    def status(self) -> list[Line]:
        """One line a process, whether the stack is up or not."""
        alive = self._supervisor.is_running()
        return [self._line(name, alive) for name in PROCESSES]

    def is_up(self, only: Iterable[str] | None = None) -> bool:
        """Whether every wanted part (that is written) is healthy now."""
        names = self._written(_wanted(only, True))
        return self._supervisor.is_running() and all(part(name).is_healthy(self.settings) for name in names)

    def kill(self, name: str, number: int = signal.SIGKILL) -> list[int]:
        """Send a signal to a process (KILL, STOP, CONT: its children too) and return whom it reached."""
        if number in _TO_ALL:
            return leftovers.signal_process(self.settings, name, number)
        pid = self._supervisor.pid(name)
        if not pid:
            raise StackError(f"{name} does not run")
        os.kill(pid, number)
        return [pid]

    def stop(self, name: str) -> None:
        """Stop a process cleanly and keep it stopped; returns when it has ended."""
        self._supervisor.stop([named(name).name])
        leftovers.end(self.settings, name)

    def start(self, name: str, deadline_seconds: float | None = None) -> None:
        """Start a stopped process and wait until it is healthy."""
        part(name).prepare(self.settings)
        self._start(name)
        self.wait_healthy(name, deadline_seconds)

    def restart(self, name: str) -> None:
        """Stop cleanly, then start, and wait until it is healthy."""
        self.stop(name)
        self.start(name)

    def wait_healthy(self, name: str, deadline_seconds: float | None = None) -> None:
        """Poll until the process is healthy; StackError with the end of its log after the deadline."""
        seconds = deadline_seconds or part(name).deadline_seconds
        lives: set[int] = set()
        self._wait(f"{name} to be healthy", lambda: self._is_healthy(name, lives), seconds, self._why(name))

    def pid(self, name: str) -> int:
        """The process id, 0 when it does not run."""
        return self._supervisor.pid(name)

    def environment(self, name: str) -> dict[str, str]:
        """The variables of a process, of `<service>-migrate`, or of `checker`, `operator`, `demo`."""
        return environments.environment(self.settings, name)

    def port(self, name: str, kind: str = "") -> int:
        """The port of a process (of a service: `http` or `metrics`)."""
        return self.settings.port(name, kind)

    def spawn_extra(self, name: str, suffix: str, deadline_seconds: float = 60.0) -> Extra:
        """Start a second process of a service or worker on free ports and wait until it is healthy."""
        http, metrics = _free_port(), _free_port()
        label = f"{name}~{suffix}"
        log = self.settings.logs / f"{label}.log"
        with log.open("ab") as sink:
            process = self._spawn(name, suffix, http, metrics, sink.fileno())
        extra = Extra(label, process, http, metrics)
        self._wait(
            label, lambda: ours.answers_ready(f"{HOST}:{metrics}"), deadline_seconds, lambda: tail(log)
        )
        return extra

    def move_clock(self, seconds: float) -> None:
        """Set the stack's clock this many seconds from real time (not added to the last offset)."""
        if self.settings.environment == "production":
            raise StackError("a production stack's clock cannot be moved")
        draft = self.settings.clock.with_suffix(".new")
        draft.write_text(f"{seconds}\n")
        draft.chmod(0o644)
        draft.replace(self.settings.clock)

    def reset_clock(self) -> None:
        """Back to real time."""
        self.settings.clock.unlink(missing_ok=True)

    def clean(self) -> None:
        """End the stack and delete its state directory, data and secrets included."""
        self.down()
        shutil.rmtree(self.settings.state, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.settings.state.mkdir(parents=True, exist_ok=True)
        self.settings.state.chmod(0o755)
        with (self.settings.state / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _start_stage(self, wanted: tuple[str, ...], stage: Stage) -> None:
        stages = {process.name for process in in_stage(stage)}
        names = self._written(name for name in wanted if name in stages)
        for name in names:
            part(name).prepare(self.settings)
        self._renew([name for name in names if self._is_outdated(name)])
        for name in names:
            self._start(name)
        for name in names:
            self.wait_healthy(name)
            part(name).provision(self.settings)

    def _is_outdated(self, name: str) -> bool:
        runs = self._supervisor.state(name) in ALIVE
        return runs and not fingerprints.is_current(self.settings, part(name))

    def _renew(self, names: list[str]) -> None:
        if names:
            say(f"restarting what has changed: {', '.join(names)}")
            self._supervisor.stop(names)

    def _start(self, name: str) -> None:
        if self._supervisor.state(name) not in ALIVE:
            fingerprints.record(self.settings, part(name))
            self._supervisor.start(name)

    def _written(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if ours.is_written(self.settings, PROCESSES[name])]

    def _stop_stages(self) -> None:
        for stage in reversed(Stage):
            names = [process.name for process in in_stage(stage)]
            say(f"stopping {', '.join(names)}")
            self._supervisor.stop(names)

    def _is_healthy(self, name: str, lives: set[int]) -> bool:
        lives.add(self._supervisor.pid(name))
        if len(lives) > _LIVES[named(name).stage] or self._supervisor.state(name) == "FATAL":
            raise StackError(f"{name} ends again and again\n{tail(self._log(name))}")
        return part(name).is_healthy(self.settings)

    def _why(self, name: str) -> Callable[[], str]:
        return lambda: f"it is {self._supervisor.state(name)}; the end of its log:\n{tail(self._log(name))}"

    def _log(self, name: str) -> Path:
        return self.settings.logs / f"{name}.log"

    def _wait(self, what: str, done: Callable[[], bool], seconds: float, why: Callable[[], str]) -> None:
        began = time.monotonic()
        said = began
        while not done():
            now = time.monotonic()
            if now - began > seconds:
                raise StackError(f"waited {seconds:.0f} s for {what}: {why()}")
            if now - said > _PROGRESS_SECONDS:
                said = now
                say(f"waiting for {what} ({now - began:.0f} of {seconds:.0f} s)")
            time.sleep(_POLL_SECONDS)

    def _line(self, name: str, alive: bool) -> Line:
        ports = ",".join(str(self.settings.port_base + offset) for offset in PROCESSES[name].offsets.values())
        if not alive:
            return Line(name, "STOPPED", 0, 0, ports, healthy=False)
        state = self._supervisor.state(name)
        healthy = state in ALIVE and part(name).is_healthy(self.settings)
        return Line(name, state, self._supervisor.pid(name), self._supervisor.uptime(name), ports, healthy)

    def _spawn(self, name: str, suffix: str, http: int, metrics: int, sink: int) -> subprocess.Popen[bytes]:
        python = str(self.settings.venv / "bin/python")
        command = [python, "-m", "deploy.local.launch", name, "--suffix", suffix]
        mark = {leftovers.MARK: f"{name}~{suffix}", "PYTHONPATH": str(self.settings.checkout)}
        return subprocess.Popen(
            [*command, "--http", str(http), "--metrics", str(metrics)],
            cwd=self.settings.checkout,
            env={**os.environ, **self.settings.marker(), **mark},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )


def _wanted(only: Iterable[str] | None, services: bool) -> tuple[str, ...]:
    if only is None:
        stages = tuple(Stage) if services else (Stage.NAMING, Stage.SERVERS)
        return tuple(name for name, process in PROCESSES.items() if process.stage in stages)
    chosen = {named(name).name for name in only}
    if "rabbitmq" in chosen:
        chosen.add("epmd")
    return tuple(name for name in PROCESSES if name in chosen)


def _needs_schemas(names: Iterable[str]) -> bool:
    """Whether a service or worker is among them: it starts on tables and queues that must be there."""
    return any(PROCESSES[name].stage is Stage.SERVICES for name in names)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
