"""The machine and the versions that a measurement belongs to, and how busy it was meanwhile."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from deploy.local.settings import Settings

_GIB = 1024**3


def lines(settings: Settings) -> list[str]:
    """Cores, memory, versions; no name and no path of the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    versions = {
        "Linux": platform.release().split("-")[0],
        "Python": platform.python_version(),
        "PostgreSQL": _version("/usr/lib/postgresql/*/bin/postgres"),
        "Elasticsearch": settings.elasticsearch,
        "RabbitMQ": _package("rabbitmq-server"),
        "nginx": _package("nginx"),
    }
    return [
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory; servers, services and the load"
        " generator all on this one machine",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]


def load() -> float:
    """How many processes wanted a core, on average of the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.machine()


def _version(pattern: str) -> str:
    program = next(Path("/").glob(pattern.lstrip("/")))
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+(\.\d+)+", said)
    return found[0] if found else "unknown"


def _package(name: str) -> str:
    command = ["dpkg-query", "-W", "-f", "${Version}", name]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return said.split("-")[0].split("+")[0] or "unknown"
