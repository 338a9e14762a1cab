"""Tells whether a running process is what code and settings now say, so that `up` renews what changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from deploy.local.parts import Part
from deploy.local.settings import Settings


def fingerprint(settings: Settings, part: Part) -> str:
    """A digest over command, variables, settings files and code (by path, size and time) of a part."""
    program = part.program(settings)
    described = [*program.command, *(f"{key}={value}" for key, value in sorted(program.variables.items()))]
    described += [_described(file) for path in part.watched(settings) for file in _files(path)]
    return hashlib.sha256("\n".join(described).encode()).hexdigest()


def is_current(settings: Settings, part: Part) -> bool:
    """Whether the part was last started with what `fingerprint` says now."""
    file = _file(settings, part)
    return file.exists() and file.read_text() == fingerprint(settings, part)


def record(settings: Settings, part: Part) -> None:
    """Keep the fingerprint of a part that is being started."""
    file = _file(settings, part)
    file.parent.mkdir(exist_ok=True)
    file.write_text(fingerprint(settings, part))


def _file(settings: Settings, part: Part) -> Path:
    return settings.state / "fingerprints" / part.process.name


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.exists() else []
    return sorted(file for file in path.rglob("*") if file.suffix in (".py", ".sql", ".yml", ".json", ".txt"))


def _described(file: Path) -> str:
    if file.suffix in (".conf", ".options", ".yml"):
        return hashlib.sha256(file.read_bytes()).hexdigest()  # these are laid anew by every `up`
    about = file.stat()
    return f"{file} {about.st_size} {about.st_mtime_ns}"
