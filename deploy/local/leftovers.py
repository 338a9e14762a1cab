"""Finds and ends processes of this stack that nobody watches any more, by the mark in their environment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.local.settings import Settings

#: Set for supervised processes only; a shell that merely exports KEQIAO_STATE is never ended.
MARK = "KEQIAO_PROCESS"
SUPERVISOR = "supervisor"
#: They overwrite their environment with a title, so they are known by program and working folder instead.
_TITLED = {"postgres": "postgres", "nginx": "edge"}
_POLL_SECONDS = 0.05


def find(settings: Settings, name: str | None = None) -> list[int]:
    """Process ids of the stack's processes (or of one name's), never the caller's own."""
    return [pid for pid, owner in _marked(settings) if pid != os.getpid() and name in (None, owner)]


def end(settings: Settings, name: str | None = None, patience_seconds: float = 0.0) -> list[int]:
    """End what `find` finds: one SIGTERM and patience first if any is given, then SIGKILL; returns whom."""
    found = find(settings, name)
    if patience_seconds > 0:
        _signal_all(found, signal.SIGTERM)
        _wait_gone(settings, name, patience_seconds)
    _signal_all(find(settings, name), signal.SIGKILL)
    _wait_gone(settings, name, 10.0)
    return found


def signal_process(settings: Settings, name: str, number: int) -> list[int]:
    """Send a signal to every process of one name and return whom it reached."""
    found = find(settings, name)
    _signal_all(found, number)
    return found


def _marked(settings: Settings) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            owner = _owner(settings, folder)
            if owner:
                yield int(folder.name), owner


def _owner(settings: Settings, folder: Path) -> str:
    try:
        variables = _variables(folder)
        if variables.get("KEQIAO_STATE") == str(settings.state):
            return variables.get(MARK, "")
        return _titled_owner(settings, folder)
    except OSError:
        return ""  # it ended meanwhile, or belongs to somebody else


def _variables(folder: Path) -> dict[str, str]:
    entries = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def _titled_owner(settings: Settings, folder: Path) -> str:
    owner = _TITLED.get((folder / "comm").read_text().strip(), "")
    inside = owner and (folder / "cwd").readlink().is_relative_to(settings.state / owner)
    return owner if inside else ""


def _signal_all(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _wait_gone(settings: Settings, name: str | None, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _alive(settings, name) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _alive(settings: Settings, name: str | None) -> list[int]:
    return [pid for pid in find(settings, name) if not _is_zombie(pid)]


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
