"""Installs Debian packages that are missing, without letting any of them start a daemon."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.progress import StackError, say

_POLICY = Path("/usr/sbin/policy-rc.d")
_REFUSAL = "#!/bin/sh\n# Laid by KeQiao's set-up while it installs packages, and removed after.\nexit 101\n"
_PROGRESS_SECONDS = 15.0
_APT = ("apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300")


def ensure(wanted: Mapping[str, str]) -> None:
    """Install the packages whose proof (a glob of a file they bring) is absent."""
    missing = [name for name, proof in wanted.items() if not _is_there(proof)]
    if not missing:
        return say("setup: the system's packages are there")
    say(f"setup: installing {' '.join(missing)}")
    with _no_daemons():
        execute([*_APT, "update"], label="reading package lists")
        execute([*_APT, "install", "--no-install-recommends", *missing], label="installing packages")
    return None


def execute(command: Sequence[str], label: str = "") -> None:
    """Run a command as root (by sudo where needed), with a line of progress now and then."""
    execute_unprivileged([*_privilege(), *command], label or command[0])


def execute_unprivileged(command: Sequence[str], label: str) -> None:
    """Run a command as the invoker, with a line of progress now and then; StackError with its last words."""
    with subprocess.Popen(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        output = _drain(process, label)
    if process.returncode != 0:
        raise StackError(f"{' '.join(command)} failed:\n" + "\n".join(output[-25:]))


def _drain(process: subprocess.Popen[str], label: str) -> list[str]:
    said, output = time.monotonic(), []
    for line in process.stdout or ():
        output.append(line.rstrip())
        if time.monotonic() - said > _PROGRESS_SECONDS:
            said = time.monotonic()
            say(f"setup: {label}: {output[-1][:90]}")
    return output


def _is_there(proof: str) -> bool:
    return any(Path("/").glob(proof.lstrip("/")))


def _privilege() -> list[str]:
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        raise StackError("packages are missing, and this is neither root nor a user with sudo")
    return ["sudo", "-n", "--preserve-env=DEBIAN_FRONTEND"]


@contextmanager
def _no_daemons() -> Iterator[None]:
    if _POLICY.exists():  # the machine's own policy, or an image's: it stays
        yield
        return
    _lay_policy()
    try:
        yield
    finally:
        execute(["rm", "-f", str(_POLICY)])


def _lay_policy() -> None:
    script = f"printf '%s' \"$1\" > {_POLICY} && chmod 755 {_POLICY}"
    execute(["sh", "-c", script, "sh", _REFUSAL])
