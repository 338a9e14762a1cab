"""Makes a virtual environment from a hashed requirement file, again only when that file has changed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from deploy.local.packages import execute_unprivileged
from deploy.local.progress import StackError, say
from deploy.local.settings import Settings

#: Debian's own first: an interpreter below a home folder could not be reached by the ordinary user.
_INTERPRETERS = ("/usr/bin/python3.11", "/usr/local/bin/python3.11")


def ensure(settings: Settings, name: str, venv: Path) -> None:
    """Bring the environment at `venv` to deploy/requirements/<name>.txt."""
    requirements = settings.checkout / "deploy/requirements" / f"{name}.txt"
    wanted = hashlib.sha256(f"{_interpreter()} {requirements.read_text()}".encode()).hexdigest()
    stamp = venv / "keqiao-requirements"
    if stamp.exists() and stamp.read_text() == wanted and _works(venv):
        return say(f"setup: {venv.name} is up to date")
    say(f"setup: making {venv.name} from {requirements.name}")
    _make(venv)
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "--require-hashes", "--progress-bar", "off"]
    execute_unprivileged([*pip, "-r", str(requirements)], label=f"filling {venv.name}")
    stamp.write_text(wanted)
    return None


def _make(venv: Path) -> None:
    if not _works(venv):
        shutil.rmtree(venv, ignore_errors=True)
    execute_unprivileged([_interpreter(), "-m", "venv", str(venv)], label=f"making {venv.name}")


def _works(venv: Path) -> bool:
    python = venv / "bin/python"
    if not python.exists():
        return False
    result = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=False
    )
    return result.returncode == 0 and Path(result.stdout.strip()) == venv


def _interpreter() -> str:
    for path in (*_INTERPRETERS, shutil.which("python3.11") or ""):
        if path and Path(path).exists():
            return path
    raise StackError("Python 3.11 is missing; on Debian 12: apt-get install python3.11-venv")
