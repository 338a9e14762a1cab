"""The ordinary user that servers run as, since PostgreSQL and Elasticsearch refuse root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.progress import StackError

USER = "keqiao"


@dataclass(frozen=True)
class Account:
    """A user by number; `drops` tells whether becoming it is a change of user."""

    name: str
    uid: int
    gid: int
    drops: bool


def invoker() -> Account:
    """Whoever runs the command."""
    uid = os.geteuid()
    name = next((entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == uid), str(uid))
    return Account(name, uid, os.getegid(), drops=False)


def ordinary() -> Account:
    """The user for servers: `keqiao` when root asks, else the invoker; StackError before set-up made it."""
    if os.geteuid() != 0:
        return invoker()
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        raise StackError(f"the system user {USER} is missing; run `make setup`") from None
    return Account(USER, entry.pw_uid, entry.pw_gid, drops=True)


def become(account: Account) -> None:
    """Give up the present user for good; a later step of this process cannot come back."""
    if account.drops:
        for stream in (1, 2):
            os.fchown(stream, account.uid, account.gid)  # nginx opens its log pipe by name
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)


def run_as(
    account: Account, command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None
) -> str:
    """Standard output of a command run as the account; StackError with its words when it fails."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=account.uid if account.drops else None,
        group=account.gid if account.drops else None,
        extra_groups=[] if account.drops else None,
    )
    if result.returncode != 0:
        words = (result.stderr or result.stdout).strip()
        raise StackError(f"{Path(str(command[0])).name} failed ({result.returncode}): {words}")
    return result.stdout


def folder(path: Path, account: Account, mode: int = 0o700) -> Path:
    """Make a folder (and its parents) that belongs to the account."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    if account.drops:
        os.chown(path, account.uid, account.gid)
    return path


def write(path: Path, text: str, account: Account, mode: int = 0o600) -> None:
    """Write a file that belongs to the account, replacing the old one in one step."""
    draft = path.with_name(f"{path.name}.new")
    draft.touch(mode=mode)
    draft.chmod(mode)
    draft.write_text(text)
    if account.drops:
        shutil.chown(draft, account.uid, account.gid)
    draft.replace(path)
