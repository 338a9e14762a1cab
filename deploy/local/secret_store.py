"""Random secrets of one stack, made once and kept in a file that only the invoker can read."""

from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.local.processes import DATABASES, SERVICES

_FILE = "secrets.json"


def names() -> tuple[str, ...]:
    """Every secret that a stack has, in a fixed order."""
    databases = [f"database.{name}{role}" for name in DATABASES for role in ("", "_owner")]
    shared = ["database.postgres", "database.relay", "database.checker"]
    brokers = [f"amqp.{name}" for name in (*SERVICES, "relay", "operator")]
    return (*databases, *shared, *brokers, "erlang.cookie", "accounts.key", "bootstrap.operator")


def load(state: Path) -> Mapping[str, str]:
    """The stack's secrets by name, each 64 hex digits; missing ones are made and saved first."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / ".secrets.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _read(state / _FILE)
        missing = [name for name in names() if name not in known]
        if missing:
            known.update((name, secrets.token_hex(32)) for name in missing)
            _write(state / _FILE, known)
        return known


def _read(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _write(path: Path, known: Mapping[str, str]) -> None:
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(known, indent=1))
    draft.replace(path)
