"""The processes whose code is in this checkout: services, relay, solver, and the migrate step."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local import account
from deploy.local.environment import MIGRATE, environment
from deploy.local.probing import body_of
from deploy.local.processes import SERVICES, Process, named
from deploy.local.progress import StackError
from deploy.local.servers.program import BASE_VARIABLES, Program
from deploy.local.settings import Settings, reachable_by_others

#: nameko's own imports, each a line that is not JSON in every log; the decision to stay is written down.
_KNOWN_WARNINGS = "ignore::UserWarning:nameko.cli.main,ignore::Warning:nameko.cli.commands"


def python_account(settings: Settings) -> account.Account:
    """The ordinary user, or the invoker where only the invoker may enter the checkout."""
    return account.ordinary() if reachable_by_others(settings.venv) else account.invoker()


def is_written(settings: Settings, process: Process) -> bool:
    """Whether the checkout has the code of a process (a room may not have landed yet)."""
    if process.is_service:
        return (settings.checkout / "services" / process.name / "service.py").exists()
    return not process.module or (settings.checkout / f"{process.module.replace('.', '/')}.py").exists()


def prepare(settings: Settings) -> None:
    """Lay the folder for compiled code; all else that these processes keep is in the databases."""
    account.folder(settings.compiled, python_account(settings))


def compile_sources(settings: Settings) -> None:
    """Compile once what ten processes would else compile each: the ordinary user may not write there."""
    folders = [str(settings.checkout / name) for name in ("deploy", "schemas", "services")]
    command = [str(settings.venv / "bin/python"), "-m", "compileall", "-q", *folders]
    subprocess.run(command, cwd=settings.checkout, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def begin_compiling(settings: Settings) -> subprocess.Popen[bytes]:
    """Compile the engine's inner loops beside other work: a solver that starts meanwhile waits for them."""
    prepare(settings)
    who = python_account(settings)
    return subprocess.Popen(
        [str(settings.venv / "bin/python"), "-c", "from services.matcher.solver import warm_up; warm_up()"],
        cwd=settings.checkout,
        env=_variables(settings, "solver"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=who.uid if who.drops else None,
        group=who.gid if who.drops else None,
        extra_groups=[] if who.drops else None,
    )


def program(settings: Settings, name: str, overrides: Mapping[str, str] | None = None) -> Program:
    """The process in the foreground; `overrides` give a second process of a service other addresses."""
    process = named(name)
    variables = _variables(settings, name) | dict(overrides or {})
    return Program(
        _command(settings, process), variables, settings.checkout, python_account(settings), process.niceness
    )


def watched(settings: Settings, process: Process) -> list[Path]:
    """The code that a process runs: its own room, the chassis and the contracts."""
    services = settings.checkout / "services"
    room = process.name if process.is_service else process.module.split(".")[1]
    return [services / room, services / "chassis", settings.checkout / "schemas"]


def is_healthy(settings: Settings, name: str) -> bool:
    """Whether the process says that it is ready on its metrics port."""
    return answers_ready(settings.address(name, "metrics"))


def answers_ready(metrics_address: str) -> bool:
    """Whether a service at this metrics address says that it is ready."""
    return body_of(f"http://{metrics_address}/health/ready") is not None


def migrate(settings: Settings, service: str) -> bool:
    """Bring a service's database to its newest migration; False when the room has none yet."""
    chassis = settings.checkout / "services/chassis/migrate.py"
    if not chassis.exists() or not (settings.checkout / "services" / service / "migrations").is_dir():
        return False
    _run_module(settings, service, "services.chassis.migrate", service)
    if service == "accounts" and (settings.checkout / "services/accounts/bootstrap.py").exists():
        _run_module(settings, service, "services.accounts.bootstrap")
    return True


def prepare_queues(settings: Settings) -> None:
    """Make every inbox, so that nothing published by one service is lost before another has started."""
    written = [service for service in SERVICES if is_written(settings, named(service))]
    _run_as(settings, "prepare", "services.chassis.prepare", *written)


def _run_module(settings: Settings, service: str, module: str, *arguments: str) -> None:
    _run_as(settings, f"{service}{MIGRATE}", module, *arguments)


def _run_as(settings: Settings, name: str, module: str, *arguments: str) -> None:
    """Run a module to its end in the environment of that name; StackError with the log's end if it fails."""
    command = [str(settings.venv / "bin/python"), "-m", module, *arguments]
    log = settings.logs / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        variables = _variables(settings, name)
        result = subprocess.run(
            command,
            cwd=settings.checkout,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            check=False,
        )
    if result.returncode != 0:
        raise StackError(f"{module} {' '.join(arguments)} failed; see {log}\n{_end(log)}")


def _end(log: Path) -> str:
    return "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-25:])


def _variables(settings: Settings, name: str) -> dict[str, str]:
    shared = {
        "PYTHONPATH": str(settings.checkout),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": _KNOWN_WARNINGS,
        "PYTHONUNBUFFERED": "1",
        "HOME": str(settings.state),
    }
    return {**BASE_VARIABLES, **shared, **environment(settings, name)}


def _command(settings: Settings, process: Process) -> tuple[str, ...]:
    if not process.is_service:
        return (str(settings.venv / "bin/python"), "-m", process.module)
    module = f"services.{process.name}.service"
    classes = (f"{module}:{process.nameko_class}Http", f"{module}:{process.nameko_class}")
    config = f"services/{process.name}/config.yml"
    # `python -m` rather than the script: its first line may be too long for the kernel.
    return (str(settings.venv / "bin/python"), "-m", "nameko", "run", "--config", config, *classes)
