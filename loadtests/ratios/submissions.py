"""Submissions a second, beside pgbench running what one submission says to PostgreSQL."""

from __future__ import annotations

import itertools
import json
import random
import re
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from deploy.local.stack import Stack
from loadtests.ground import Ground, Somebody
from loadtests.ratios import statements
from loadtests.ratios.pairing import Ratio, in_turn
from loadtests.ratios.saturation import Caller, raw_call, saturate
from loadtests.wishes import wish

CALLERS = 16
GOAL = 0.25
_COPY = "load_copy"
_WARM_UP = 24
_TPS = re.compile(r"tps = ([\d.]+)")
_FAILED = re.compile(r"number of failed transactions: (\d+)")


class Submitting:
    """Ready-made submissions of all teachers in turn."""

    def __init__(self, there: Ground) -> None:
        self._there = there
        self._teachers = itertools.cycle(there.people["teacher"])
        self._chance = random.Random(20261125)
        self.bodies = [self._body(teacher) for teacher in itertools.islice(self._teachers, 400)]
        self._turns = itertools.cycle(self.bodies)

    def _body(self, teacher: Somebody) -> tuple[Somebody, bytes]:
        asked = wish(self._there, teacher.organisation_id, self._chance)
        return teacher, json.dumps(asked, ensure_ascii=False).encode()

    def call(self, _: int = 0, key: str = "") -> bytes:
        """The next one, under a key of its own."""
        teacher, body = next(self._turns)
        return raw_call(
            "POST", "/api/v1/requests", {**teacher.headers, "Idempotency-Key": key or str(uuid.uuid4())}, body
        )


def measure(stack: Stack, there: Ground, script: str, seconds: float, times: int) -> Ratio:
    """Both sides saturated by as many callers, in turn."""
    submitting = Submitting(there)
    with copied(stack) as url, _file(script) as path:
        ours, theirs = in_turn(
            lambda: saturate(there.address, CALLERS, seconds, submitting.call, b"201")[0],
            lambda: pgbench(url, path, seconds),
            times,
        )
    return Ratio("submissions", ours, theirs, GOAL, least=True, unit="transactions/s")


def recorded(stack: Stack, there: Ground) -> str:
    """The script of one submission, taken from a process of demand that the server listens to closely."""
    operator = stack.environment("operator")["DATABASE_URL"].replace("{service}", "demand")
    statements.told_in_full(operator, "demand", on=True)
    try:
        extra = stack.spawn_extra("demand", "recorded")
    finally:
        statements.told_in_full(operator, "demand", on=False)
    try:
        return _recorded(f"http://127.0.0.1:{extra.http_port}", stack.settings.logs / "postgres.log", there)
    finally:
        extra.kill(15)


def _recorded(address: str, log: Path, there: Ground) -> str:
    submitting, caller, key = Submitting(there), Caller(address), uuid.uuid4().hex
    for _ in range(_WARM_UP):  # what is read once for a process is not what a submission costs
        caller.call(submitting.call(), b"201")
    answer: dict[str, str] = {}
    said = statements.of_one(log, lambda: answer.update(_submit(caller, submitting, key)), key)
    caller.close()
    return statements.script(said, [answer["id"], *_others(said, answer["id"]), key])


def _submit(caller: Caller, submitting: Submitting, key: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(caller.call(submitting.call(key=key), b"201"))
    return found


def _others(said: list[str], request_id: str) -> list[str]:
    """The event's own id, and the name under which the key is locked."""
    event = re.search(r'"id":"([0-9a-f-]{36})","aggregate_id":"' + request_id, "\n".join(said))
    return [event[1]] if event else []


def pgbench(url: str, script: Path, seconds: float) -> float:
    """Transactions a second by as many clients, statements prepared as psycopg prepares them."""
    options = [
        "-n",
        "-M",
        "prepared",
        "-c",
        str(CALLERS),
        "-j",
        "2",
        "-T",
        f"{seconds:.0f}",
        "-f",
        str(script),
    ]
    program = next(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    result = subprocess.run([str(program), *options, url], capture_output=True, text=True, check=False)
    found, failed = _TPS.search(result.stdout), _FAILED.search(result.stdout)
    if result.returncode or not found or (failed and failed[1] != "0"):
        raise RuntimeError(f"pgbench: {result.stdout[-500:]} {result.stderr[-1500:]}")
    return float(found[1])


@contextmanager
def copied(stack: Stack) -> Iterator[str]:
    """The address of a copy of demand's database on the same server, gone afterwards."""
    address = stack.environment("operator")["DATABASE_URL"]
    source, copy = (address.replace("{service}", name) for name in ("demand", _COPY))
    with psycopg.connect(address.replace("{service}", "postgres"), autocommit=True) as conn:
        conn.execute(f"drop database if exists {_COPY} with (force)".encode())
        conn.execute(f"create database {_COPY} template template0".encode())
        try:
            _pour(source, copy)
            yield copy
        finally:
            conn.execute(f"drop database if exists {_COPY} with (force)".encode())


def _pour(source: str, copy: str) -> None:
    dump = subprocess.run(["pg_dump", source], capture_output=True, check=True)
    command = [
        "psql",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-c",
        "set client_min_messages = error",
        "-f",
        "-",
        copy,
    ]
    subprocess.run(command, input=dump.stdout, capture_output=True, check=True)


@contextmanager
def _file(script: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="keqiao-load-") as folder:
        path = Path(folder) / "submission.sql"
        path.write_text(script, encoding="utf-8")
        yield path
