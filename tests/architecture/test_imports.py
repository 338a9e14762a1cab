"""What may import what, read off the syntax trees: the table is the architecture."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, calls, files, imports

STANDARD = sys.stdlib_module_names
EVERYTHING_IN_SERVICES = tuple(files(".py", rooms=("services",)))
GREEN = ("nameko", "eventlet", "gevent", "greenlet")
NUMERIC = ("numpy", "highspy", "ortools", "scipy")

# nameko's own ways to tell and to call: they lose messages, wait for ever, or share one exchange.
BANNED = ("nameko.events", "nameko.rpc", "nameko.standalone", "nameko.web.websocket", "nameko.messaging")


def service_of(file: Path) -> str:
    """Return the room of services/ that a file is in."""
    return file.parts[1] if len(file.parts) > 2 else ""


def layer_of(file: Path) -> str:
    """Return the layer of a service's file: its name or that of the folder below the service."""
    return file.parts[2].removesuffix(".py") if len(file.parts) > 2 else ""


def layer(*names: str) -> list[Path]:
    """Return the files of a layer in every service."""
    return [
        file for file in EVERYTHING_IN_SERVICES if service_of(file) != "chassis" and layer_of(file) in names
    ]


def within(name: str, packages: Iterable[str]) -> bool:
    """Return whether a module is one of these packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def violations(found: Iterable[Path], allowed: Callable[[Path, str], bool]) -> list[str]:
    """Return `file:line imports module` for each import that is not allowed."""
    return [
        f"{file}:{line} imports {name}"
        for file in found
        for name, line in imports(file)
        if not allowed(file, name)
    ]


def own(file: Path, *layers: str) -> tuple[str, ...]:
    """Return the names of these layers of the file's own service."""
    return tuple(f"services.{service_of(file)}.{name}" for name in layers)


def standard(name: str) -> bool:
    """Return whether a module is of the standard library."""
    return name.partition(".")[0] in STANDARD


def database(file: Path) -> tuple[str, ...]:
    """Return what a service's storage speaks to its database with."""
    if service_of(file) == "search":
        return ("elasticsearch",)
    return ("psycopg", "services.chassis.store", "services.chassis.db")


def test_there_is_something_to_check() -> None:
    assert {service_of(file) for file in layer("service")} >= {"accounts", "catalog", "demand", "experts"}


def test_domain_knows_only_the_standard_library_and_refusals() -> None:
    def allowed(file: Path, name: str) -> bool:
        return standard(name) or within(name, ("schemas.refusal", *own(file, "domain")))

    assert violations(layer("domain"), allowed) == []


def test_storage_adds_its_database_and_its_own_domain() -> None:
    def allowed(file: Path, name: str) -> bool:
        rooms = own(file, "domain", "storage")
        return standard(name) or within(name, ("schemas.refusal", *database(file), *rooms))

    assert violations(layer("storage"), allowed) == []


def test_use_cases_know_nothing_of_what_runs_them() -> None:
    assert violations(layer("usecases"), lambda _, name: not within(name, (*GREEN, "werkzeug"))) == []


def test_the_engine_is_pure() -> None:
    def allowed(file: Path, name: str) -> bool:
        return standard(name) or within(name, (*NUMERIC, *own(file, "engine", "domain")))

    assert violations(layer("engine"), allowed) == []


def test_the_verifier_trusts_nothing_but_the_standard_library() -> None:
    assert violations(layer("verify"), lambda _, name: standard(name)) == []


def test_only_entrypoints_and_the_chassis_know_nameko() -> None:
    inner = [file for file in EVERYTHING_IN_SERVICES if service_of(file) != "chassis"]
    inner = [file for file in inner if layer_of(file) not in ("service", "http")]
    assert violations(inner, lambda _, name: not within(name, ("nameko",))) == []


def test_no_service_imports_another_and_none_a_test_or_the_stack() -> None:
    def allowed(file: Path, name: str) -> bool:
        if within(name, ("deploy", "tests", "loadtests")):
            return False
        mine = (f"services.{service_of(file)}", "services.chassis")
        return not within(name, ("services",)) or within(name, mine)

    assert violations(EVERYTHING_IN_SERVICES, allowed) == []


def test_the_chassis_imports_no_service() -> None:
    chassis = [file for file in EVERYTHING_IN_SERVICES if service_of(file) == "chassis"]
    allowed = ("services.chassis",)
    assert violations(chassis, lambda _, name: not within(name, ("services",)) or within(name, allowed)) == []


def test_schemas_are_data() -> None:
    def allowed(_: Path, name: str) -> bool:
        return standard(name) or within(name, ("marshmallow", "schemas"))

    assert violations(files(".py", rooms=("schemas",)), allowed) == []


def test_the_load_generator_and_the_services_never_meet() -> None:
    def allowed(_: Path, name: str) -> bool:
        return not within(name, ("nameko", "eventlet", "services"))

    assert violations(files(".py", rooms=("loadtests",)), allowed) == []
    locust = violations(EVERYTHING_IN_SERVICES, lambda _, name: not within(name, ("locust", "gevent")))
    assert locust == []


def test_nobody_uses_nameko_s_own_messages() -> None:
    everything = files(".py", rooms=("services", "deploy", "tests", "loadtests"))
    assert violations(everything, lambda _, name: not within(name, BANNED)) == []


@pytest.mark.parametrize(
    "module", ["services.chassis.relay", "services.chassis.carrier", "services.matcher.solver"]
)
def test_plain_processes_never_load_eventlet(module: str) -> None:
    program = f"import sys, {module}; sys.exit(sorted(set(sys.modules) & {set(GREEN[:3])!r}) or 0)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_storage_never_settles_a_transaction() -> None:
    found = [
        f"{file}:{line} calls {name}"
        for file in layer("storage")
        for line, name in calls(file)
        if name.rpartition(".")[2] in ("commit", "rollback")
    ]
    assert found == []
