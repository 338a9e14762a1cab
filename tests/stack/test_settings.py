"""Which stack is meant follows from the variables; what makes no sense is refused with a reason."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path

import pytest

from deploy.local import environment as environments
from deploy.local import leftovers
from deploy.local.processes import PROCESSES
from deploy.local.settings import TEST_STACKS, Settings, for_tests, from_environment, reachable_root


def test_no_test_stack_is_another_or_the_development_stack() -> None:
    stacks = [from_environment({}), *(for_tests({}, beside=n) for n in range(TEST_STACKS))]
    assert len({stack.state for stack in stacks}) == len(stacks)
    ports = {stack.port_base + offset for stack in stacks for offset in _offsets()}
    assert len(ports) == len(stacks) * len(_offsets())


def test_no_two_processes_share_a_port() -> None:
    assert len(set(_offsets())) == len(_offsets())


@pytest.mark.parametrize("base", ["", "0", "80", "-1", "70000", "7600.5", "seven"])
def test_a_port_base_that_makes_no_sense_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="KEQIAO_PORT_BASE"):
        from_environment({"KEQIAO_PORT_BASE": base})


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(ValueError, match="KEQIAO_ENVIRONMENT"):
        from_environment({"KEQIAO_ENVIRONMENT": "staging"})


def test_state_leaves_a_checkout_that_the_servers_cannot_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "keqiao").mkdir()
    root = reachable_root(closed / "keqiao")
    if os.geteuid() == 0:
        assert root.is_relative_to("/var/tmp")
        assert root != reachable_root(closed)
    else:
        assert root == closed / "keqiao/.local"


def test_a_production_stack_has_no_movable_clock(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, port_base=20_000, environment="production")
    assert "CLOCK_FILE" not in environments.environment(settings, "catalog")
    assert "CLOCK_FILE" in environments.environment(settings.in_environment("test"), "catalog")


def test_secrets_are_made_once_and_differ(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, port_base=20_000, environment="test")
    first = environments.environment(settings, "operator")
    assert environments.environment(settings, "operator") == first
    secrets = json.loads((tmp_path / "secrets.json").read_text())
    assert len(set(secrets.values())) == len(secrets)


def test_every_known_name_has_an_environment(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, port_base=20_000, environment="test")
    for name in environments.known_names():
        assert environments.environment(settings, name)["KEQIAO_ENVIRONMENT"] == "test"


def test_only_the_migrate_step_knows_the_owners_secret(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, port_base=20_000, environment="test")
    for name in PROCESSES:
        assert "DATABASE_OWNER_URL" not in environments.environment(settings, name)
        assert "BOOTSTRAP_OPERATOR_PASSWORD" not in environments.environment(settings, name)


def test_a_process_that_only_exports_the_state_is_nobodys_leftover(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, port_base=20_000, environment="test")
    child = os.posix_spawn("/bin/sleep", ["sleep", "30"], {"KEQIAO_STATE": str(tmp_path)})
    marked = {"KEQIAO_STATE": str(tmp_path), leftovers.MARK: "catalog"}
    stray = os.posix_spawn("/bin/sleep", ["sleep", "30"], marked)
    try:
        assert leftovers.find(settings) == [stray]
        leftovers.signal_process(settings, "catalog", 9)
        assert os.waitpid(stray, 0)[1] == 9
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.mark.slow
def test_the_newest_search_engine_answers(newest_elasticsearch: str) -> None:
    with urllib.request.urlopen(f"{newest_elasticsearch}/_cluster/health", timeout=5) as answer:
        assert json.load(answer)["number_of_nodes"] == 1


def _offsets() -> list[int]:
    return [offset for process in PROCESSES.values() for offset in process.offsets.values()]
