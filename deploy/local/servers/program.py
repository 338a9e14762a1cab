"""What it takes to start one process: command, variables, folder and user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.account import Account

#: What any program of the stack starts from; nothing of the invoker's own variables leaks in.
BASE_VARIABLES: Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


@dataclass(frozen=True)
class Program:
    """A command ready to be executed in place of the launcher."""

    command: tuple[str, ...]
    variables: Mapping[str, str]
    folder: Path
    account: Account
    niceness: int = 0
