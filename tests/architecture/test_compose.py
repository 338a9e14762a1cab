"""The compose file says the same as the local stack: processes, commands, settings, variables, signals."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose.secrets import variable
from deploy.local import secret_store
from deploy.local.environment import environment
from deploy.local.processes import DATABASES, PROCESSES, SERVICES, Process
from deploy.local.servers import ours
from deploy.local.settings import CHECKOUT, DEFAULT_ELASTICSEARCH, Settings

_ONE_SHOTS = {"databases", "migrate", "queues"}
#: How a stack's processes are found among others on one machine; a container needs no such mark.
_LOCAL_ONLY = {"KEQIAO_STATE"}
_SAME_VALUE = {
    "KEQIAO_SERVICE", "PSYCOPG_WAIT_FUNC", "RELAY_SERVICES", "MAIL_FROM", "KEQIAO_ENVIRONMENT",
    "SOLVER_MEMORY_MIB",
}  # fmt: skip
_VISIBLE = [name for name, process in PROCESSES.items() if not process.hidden]
_OURS = [name for name, process in PROCESSES.items() if process.is_ours]
_SERVERS = {"postgres": "postgresql.conf", "rabbitmq": "rabbitmq.conf", "elasticsearch": "elasticsearch.yml"}


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The services as Debian's docker-compose reads them, every variable filled in."""
    program = shutil.which("docker-compose")
    assert program, "docker-compose is missing; `python3 -m deploy.local setup --tests` installs it"
    folder = tmp_path_factory.mktemp("compose")
    shutil.copy(CHECKOUT / "docker-compose.yml", folder)
    variables = "".join(f"{variable(name)}={'0' * 64}\n" for name in secret_store.names())
    (folder / ".env").write_text(variables)
    result = subprocess.run([program, "config"], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    services: Mapping[str, Any] = yaml.safe_load(result.stdout)["services"]
    return services


@pytest.fixture
def production(tmp_path: Path) -> Settings:
    """A local stack's settings as in production, on a state directory of this test's own."""
    return Settings(state=tmp_path, port_base=20_000, environment="production")


def test_the_same_processes_run(compose: Mapping[str, Any]) -> None:
    assert set(compose) == {*_VISIBLE, *_ONE_SHOTS}


@pytest.mark.parametrize("name", _OURS)
def test_each_process_has_the_same_variables(
    compose: Mapping[str, Any], production: Settings, name: str
) -> None:
    local = environment(production, name)
    contained = compose[name]["environment"]
    assert set(contained) == set(local) - _LOCAL_ONLY
    for key in _SAME_VALUE & set(local):
        assert contained[key] == local[key], key


@pytest.mark.parametrize("name", _OURS)
def test_each_process_runs_the_same_command(
    compose: Mapping[str, Any], production: Settings, name: str
) -> None:
    local = _local_command(production, PROCESSES[name])
    assert compose[name]["command"] == local


@pytest.mark.parametrize("name", _VISIBLE)
def test_each_process_is_stopped_by_the_same_signal_and_deadline(
    compose: Mapping[str, Any], name: str
) -> None:
    process = PROCESSES[name]
    assert compose[name]["stop_signal"] == f"SIG{process.stop_signal}"
    assert compose[name]["stop_grace_period"] == f"{process.stop_seconds}s"


@pytest.mark.parametrize("name", [*_VISIBLE, *sorted(_ONE_SHOTS)])
def test_each_container_is_limited_and_not_root(compose: Mapping[str, Any], name: str) -> None:
    service = compose[name]
    assert service["mem_limit"]
    assert service["cpus"]
    assert int(service["user"].split(":")[0]) > 0
    assert "no-new-privileges:true" in service["security_opt"]


def test_each_process_of_ours_has_a_user_of_its_own(compose: Mapping[str, Any]) -> None:
    users = [compose[name]["user"] for name in (*_OURS, "migrate", "queues")]
    assert len(set(users)) == len(users)


@pytest.mark.parametrize("name", _VISIBLE)
def test_each_process_is_probed(compose: Mapping[str, Any], name: str) -> None:
    assert compose[name]["healthcheck"]["test"][0] == "CMD"


def test_one_shots_run_once_and_before_the_services(compose: Mapping[str, Any]) -> None:
    for name in _ONE_SHOTS:
        assert compose[name]["restart"] in ("no", False)
    done = {"condition": "service_completed_successfully"}
    assert compose["migrate"]["depends_on"]["databases"] == done
    assert compose["queues"]["depends_on"]["migrate"] == done
    for name in (process.name for process in PROCESSES.values() if process.is_service):
        assert compose[name]["depends_on"]["queues"] == done


def test_every_image_has_a_fixed_tag(compose: Mapping[str, Any]) -> None:
    images = {service["image"] for service in compose.values()} | set(_base_images())
    for image in images:
        assert re.search(r":\d+\.\d+\.?\d*(-[a-z-]+)?$", image), image


def test_the_search_engine_is_the_local_stacks(compose: Mapping[str, Any]) -> None:
    assert compose["elasticsearch"]["image"].endswith(f":{DEFAULT_ELASTICSEARCH}")


@pytest.mark.parametrize(("name", "file"), _SERVERS.items())
def test_servers_read_the_same_settings(compose: Mapping[str, Any], name: str, file: str) -> None:
    mounted = [volume.split(":")[0] for volume in compose[name]["volumes"]]
    assert any(source.endswith(f"deploy/{name}/{file}") for source in mounted)


def test_data_lives_in_volumes(compose: Mapping[str, Any]) -> None:
    for name in _SERVERS:
        assert any(volume.startswith(f"{name}:") for volume in compose[name]["volumes"])


def test_every_database_is_provisioned_and_migrated(compose: Mapping[str, Any]) -> None:
    script = (CHECKOUT / "deploy/postgres/provision.sh").read_text()
    assert f"for service in {' '.join(DATABASES)}; do" in script
    owners = {f"DATABASE_OWNER_URL_{service.upper()}" for service in DATABASES}
    assert owners <= set(compose["migrate"]["environment"])


def test_every_queue_is_made_before_anything_is_published(
    compose: Mapping[str, Any], production: Settings
) -> None:
    local = environment(production, "prepare")
    assert set(compose["queues"]["environment"]) == set(local) - _LOCAL_ONLY
    assert compose["queues"]["command"][3:] == list(SERVICES)


def test_every_secret_comes_from_the_env_file() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text()
    named = set(re.findall(r"\$\{(KEQIAO_[A-Z_]+)(?=[}:])", text))
    known = {variable(name) for name in secret_store.names()} | {"KEQIAO_PUBLIC_URL", "KEQIAO_EDGE_ADDRESS"}
    assert named <= known
    assert not re.search(r"(PASSWORD|SECRET)[A-Z_]*: (?!\$\{)", text)


def test_the_image_is_not_root_and_starts_one_process() -> None:
    lines = (CHECKOUT / "deploy/Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users
    assert users[-1].split(":")[0] not in ("0", "root")
    forms = [line for line in lines if line.startswith(("CMD ", "ENTRYPOINT ", "RUN "))]
    assert all(" [" in line for line in forms)


def _local_command(settings: Settings, process: Process) -> list[str]:
    program = ours.program(settings, process.name)
    command = ["python", *program.command[1:]]
    return ["nice", "-n", str(process.niceness), *command] if process.niceness else command


def _base_images() -> list[str]:
    lines = (CHECKOUT / "deploy/Dockerfile").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("FROM ")]
