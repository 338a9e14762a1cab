"""What one submission really says to PostgreSQL, read off the server's log, as a script for pgbench."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psycopg

_LINE = re.compile(r"^\S+ \S+ \S+ \[(?P<pid>\d+)\] ")
_SAID = re.compile(r"LOG:  duration: [\d.]+ ms  (?:execute [^:]+|statement): (?P<text>.*)", re.DOTALL)
_GIVEN = re.compile(r"DETAIL:  [Pp]arameters: (?P<text>.*)", re.DOTALL)
_PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
_VARIABLE = re.compile(r":(?=[^\W\d])")
_SETTING = "log_min_duration_statement"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WAIT_SECONDS = 10.0


class NotSeen(RuntimeError):
    """The server's log does not show the submission."""


def told_in_full(operator_url: str, role: str, *, on: bool) -> None:
    """Lets the server write down all that new connections of a role say, or stops that."""
    setting = f"set {_SETTING} = 0" if on else f"reset {_SETTING}"
    with psycopg.connect(operator_url, autocommit=True) as conn:
        conn.execute(f'alter role "{role}" {setting}'.encode())


def of_one(log: Path, act: Callable[[], None], mark: str) -> list[str]:
    """The statements of the transaction in which `act` said `mark`, values filled in."""
    before = log.stat().st_size
    act()
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        found = _transaction(_entries(log, before), mark)
        if found:
            return found
        time.sleep(0.2)
    raise NotSeen(f"{log.name} shows no transaction with {mark!r}")


def _entries(log: Path, offset: int) -> list[tuple[str, str]]:
    """(process, entry) in order, continuation lines joined."""
    with log.open("rb") as file:
        file.seek(offset)
        lines = file.read().decode("utf-8", "replace").splitlines()
    entries: list[tuple[str, str]] = []
    for line in lines:
        found = _LINE.match(line)
        if found:
            entries.append((found["pid"], line))
        elif entries:
            entries[-1] = (entries[-1][0], f"{entries[-1][1]}\n{line.strip()}")
    return entries


def _transaction(entries: list[tuple[str, str]], mark: str) -> list[str]:
    pid = next((who for who, text in entries if mark in text), None)
    statements: list[str] = []
    for text in (text for who, text in entries if who == pid):
        if said := _SAID.search(text):
            statements.append(said["text"].strip())
        elif given := _GIVEN.search(text):
            statements[-1] = _filled(statements[-1], given["text"])
        if statements and statements[-1].upper() == "COMMIT" and any(mark in each for each in statements):
            begin = max(n for n, each in enumerate(statements) if each.upper().startswith("BEGIN"))
            return statements[begin:]
    return []


def _filled(statement: str, parameters: str) -> str:
    values = {number: _literal(value) for number, value in _PARAMETER.findall(parameters)}
    return re.sub(r"\$(\d+)", lambda found: values[found[1]], statement)


def _literal(value: str) -> str:
    """pgbench takes a colon before a word for a variable of its own, in texts too."""
    if not _VARIABLE.search(value):
        return value
    return "E" + _VARIABLE.sub(r"\\x3a", value.replace("\\", "\\\\"))


def script(statements: Iterable[str], unique: Iterable[str]) -> str:
    """The pgbench script; `unique` values are others each time, all else stays as it was."""
    text = "\n".join(re.sub(r"\s+", " ", each) + ";" for each in statements)
    for number, value in enumerate(unique):
        fresh = f"md5((:n::bigint + {number})::text)"
        text = text.replace(f"'{value}'", f"{fresh}::uuid" if _UUID.fullmatch(value) else fresh)
        text = text.replace(f" {value}'", f" ' || {fresh}")  # the name of the lock ends with the key
    return f"\\set n random(1, 9000000000000000000)\n{text}\n"
