"""PostgreSQL: a cluster of the stack's own, its roles and one database a service."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local import account, secret_store
from deploy.local.processes import DATABASES
from deploy.local.progress import StackError, say
from deploy.local.servers.program import Program
from deploy.local.settings import HOST, Settings

_ROOT = Path("/usr/lib/postgresql")
_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"


def binary(name: str) -> Path:
    """A program of the newest installed PostgreSQL server; StackError when there is none."""
    versions = sorted(_ROOT.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3].split(".")[0]))
    if not versions:
        raise StackError("PostgreSQL's server is not installed; run `make setup`")
    return versions[-1].with_name(name)


def prepare(settings: Settings) -> None:
    """Make the cluster if there is none, and lay its settings; running it is left to the supervisor."""
    owner = account.ordinary()
    home = account.folder(settings.state / "postgres", owner)
    if not (home / "data" / "PG_VERSION").exists():
        _initialise(settings, home, owner)
    conf = (settings.checkout / "deploy/postgres/postgresql.conf").read_text()
    account.write(home / "postgresql.conf", conf, owner)
    account.write(home / "data" / "pg_hba.conf", _ACCESS, owner)


def program(settings: Settings) -> Program:
    """The server in the foreground, on TCP only."""
    home = settings.state / "postgres"
    options = {
        "config_file": home / "postgresql.conf",
        "hba_file": home / "data/pg_hba.conf",
        "listen_addresses": HOST,
        "port": settings.port("postgres"),
        "unix_socket_directories": "",
        "dynamic_shared_memory_type": _shared_memory(home),
        **_durability(settings),
    }
    flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
    command = (str(binary("postgres")), "-D", str(home / "data"), *flags)
    return Program(command, {"HOME": str(home)}, home, account.ordinary())


def _durability(settings: Settings) -> dict[str, str]:
    # Tests kill processes, never the machine: what the kernel was given is there for the next life, and
    # waiting for the disk would prove no more.
    return {"fsync": "off"} if settings.environment == "test" else {}


def watched(settings: Settings) -> list[Path]:
    """Files whose change calls for a restart."""
    return [settings.state / "postgres/postgresql.conf"]


def is_healthy(settings: Settings) -> bool:
    """Whether the server accepts connections and answers a query."""
    try:
        return query(settings, "select 1") == "1"
    except StackError:
        return False


def provision(settings: Settings) -> None:
    """Create or complete roles, databases and extensions; may be run again at any time."""
    secrets = secret_store.load(settings.state)
    say("postgres: roles and databases")
    shared = {f"{role}_secret": secrets[f"database.{role}"] for role in ("relay", "checker")}
    scripts = [_script(settings, "cluster.sql", shared)]
    scripts += [_script(settings, "database.sql", _database_variables(secrets, name)) for name in DATABASES]
    # Through standard input: a command line, with its secrets, can be read by every user of the machine.
    _psql(settings, ["-q", "-d", "postgres", "-f", "-"], "\n\\connect postgres\n".join(scripts))


def query(settings: Settings, sql: str, database: str = "postgres") -> str:
    """The unaligned answer of one statement run as the superuser; StackError with the server's words."""
    return _psql(settings, ["-Atc", sql, "-d", database])


def _shared_memory(home: Path) -> str:
    # initdb tried which kind works here: in a bare tree /dev/shm may be closed to ordinary users.
    text = (home / "data/postgresql.conf").read_text()
    found = re.search(r"^dynamic_shared_memory_type = (\w+)", text, re.MULTILINE)
    return found[1] if found else "posix"


def _initialise(settings: Settings, home: Path, owner: account.Account) -> None:
    say("postgres: creating the cluster")
    shutil.rmtree(home / "data", ignore_errors=True)  # left by a set-up that was cut short
    secret = home / "superuser"
    account.write(secret, secret_store.load(settings.state)["database.postgres"], owner)
    flags = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8"]
    draft = home / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    account.run_as(owner, [binary("initdb"), "-D", draft, *flags, "--locale=C.UTF-8"], cwd=home)
    draft.rename(home / "data")
    secret.unlink()


def _database_variables(secrets: Mapping[str, str], service: str) -> dict[str, str]:
    owner = f"{service}_owner"
    return {
        "service": service,
        "owner": owner,
        "service_secret": secrets[f"database.{service}"],
        "owner_secret": secrets[f"database.{owner}"],
    }


def _script(settings: Settings, name: str, variables: Mapping[str, str]) -> str:
    preamble = "".join(f"\\set {key} {value}\n" for key, value in variables.items())
    return preamble + (settings.checkout / "deploy/postgres" / name).read_text()


def _psql(settings: Settings, arguments: list[str], script: str = "") -> str:
    port = str(settings.port("postgres"))
    command = [str(binary("psql")), "-X", "-h", HOST, "-p", port, "-U", "postgres", *arguments]
    secret = secret_store.load(settings.state)["database.postgres"]
    variables = {**os.environ, "PGPASSWORD": secret, "PGCONNECT_TIMEOUT": "5"}
    result = subprocess.run(command, input=script, capture_output=True, text=True, check=False, env=variables)
    if result.returncode != 0:
        raise StackError(f"psql: {result.stderr.strip()}")
    return result.stdout.strip()
