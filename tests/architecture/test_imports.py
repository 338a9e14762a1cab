"""What may import what: the table of the map, read off every file's syntax tree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.settings import CHECKOUT
from tests.architecture.source import SERVICES, imports_of, modules

_STANDARD = frozenset(sys.stdlib_module_names)
#: The class that every rule's error is derived from; itself only standard library.
_REFUSAL = "schemas.refusal"
#: psycopg's connection with our kind of row, as a type.
_CONNECTION = "services.chassis.store.Connection"


def _room(service: str, name: str) -> list[Path]:
    folder = f"services/{service}"
    return [path for path in modules(folder) if path.parts[2].removesuffix(".py") == name]


def _foreign(path: Path, *allowed: str) -> set[str]:
    """Imports that are neither of the standard library nor below one of the allowed names."""
    return {
        name
        for name in imports_of(path)
        if name.split(".")[0] not in _STANDARD and not any(_is_in(name, prefix) for prefix in allowed)
    }


def _is_in(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def _rooms(name: str) -> Iterator[tuple[str, Path]]:
    for service in SERVICES:
        for path in _room(service, name):
            yield service, path


def test_domain_knows_only_the_standard_library_and_itself() -> None:
    for service, path in _rooms("domain"):
        assert not _foreign(path, _REFUSAL, f"services.{service}.domain"), path


def test_storage_knows_its_database_and_its_domain() -> None:
    for service, path in _rooms("storage"):
        engine = ("elasticsearch", "elastic_transport") if service == "search" else ("psycopg",)
        own: tuple[str, ...] = (f"services.{service}.domain", f"services.{service}.storage", _CONNECTION)
        own += ("services.search.asking",) if service == "search" else ()
        assert not _foreign(path, *engine, *own, _REFUSAL), path


def test_storage_never_commits() -> None:
    for _, path in _rooms("storage"):
        text = (CHECKOUT / path).read_text()
        assert ".commit(" not in text, path


def test_use_cases_never_see_nameko() -> None:
    for _, path in _rooms("usecases"):
        assert not {name for name in imports_of(path) if _is_in(name, "nameko")}, path


def test_the_engine_knows_only_numbers() -> None:
    for path in modules("services/matcher/engine"):
        assert not _foreign(path, "numpy", "numba", "highspy", "services.matcher.engine"), path


def test_the_verifier_knows_only_the_standard_library() -> None:
    for path in modules("services/matcher/verify.py", "services/matcher/verify"):
        assert not _foreign(path, "services.matcher.verify"), path


def test_a_service_never_imports_another() -> None:
    for service in SERVICES:
        others = [f"services.{other}" for other in SERVICES if other != service]
        for path in modules(f"services/{service}"):
            found = {name for name in imports_of(path) if any(_is_in(name, other) for other in others)}
            assert not found, path


def test_the_chassis_never_imports_a_service() -> None:
    for path in modules("services/chassis"):
        found = {name for name in imports_of(path) if any(_is_in(name, f"services.{s}") for s in SERVICES)}
        assert not found, path


def test_contracts_know_only_marshmallow() -> None:
    for path in modules("schemas"):
        assert not _foreign(path, "marshmallow", "schemas"), path


def test_nameko_stays_in_service_and_chassis() -> None:
    for path in modules("services", "schemas", "deploy", "loadtests"):
        uses = {name for name in imports_of(path) if _is_in(name, "nameko") or _is_in(name, "eventlet")}
        allowed = path.parts[:2] == ("services", "chassis") or path.name == "service.py"
        assert allowed or not _without_pool(uses), path


def test_stock_messaging_of_nameko_is_not_used() -> None:
    for path in modules("services"):
        stock = {"nameko.events", "nameko.rpc", "nameko.standalone", "nameko.web.websocket"}
        assert not {name for name in imports_of(path) if any(_is_in(name, s) for s in stock)}, path


def test_load_tests_never_import_nameko_or_a_service() -> None:
    for path in modules("loadtests"):
        banned = ("nameko", "eventlet", "services")
        assert not {name for name in imports_of(path) if any(_is_in(name, b) for b in banned)}, path


def test_the_local_stack_needs_no_package_but_for_the_mail_sink() -> None:
    for path in modules("deploy/local", "deploy/rabbitmq", "deploy/nginx"):
        allowed = ("deploy", "aiosmtpd") if path.name == "mail.py" else ("deploy",)
        assert not _foreign(path, *allowed), path


@pytest.mark.parametrize("module", ["services.chassis.relay", "services.matcher.solver"])
def test_plain_processes_never_load_eventlet(module: str) -> None:
    script = f"import sys, {module}; sys.exit('eventlet' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def _without_pool(uses: set[str]) -> set[str]:
    # A thread pool for what blocks (password hashes) is all of eventlet that others may ask for.
    return {name for name in uses if not _is_in(name, "eventlet.tpool")}
