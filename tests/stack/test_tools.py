"""Every tool says what it does when asked, does nothing then, and refuses what it does not take."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.settings import CHECKOUT


def _tools() -> list[str]:
    """The modules of deploy/ that are run by name."""
    files = sorted((CHECKOUT / "deploy").rglob("*.py"))
    return [_module(file) for file in files if '__name__ == "__main__"' in file.read_text()]


def _module(file: Path) -> str:
    parts = file.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__main__")


def _run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Outside any stack: whoever does more than tell finds nothing to do it with.
    variables = {"PYTHONPATH": str(CHECKOUT), "PYTHONWARNINGS": "ignore", "COLUMNS": "200"}
    command = [sys.executable, "-m", tool, *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)


def _doc(tool: str) -> str:
    """The first line of the module's own docstring, which is what its help is about."""
    spec = importlib.util.find_spec(tool)
    assert spec is not None
    assert spec.origin is not None
    file = (
        Path(spec.origin).with_name("__main__.py") if spec.submodule_search_locations else Path(spec.origin)
    )
    return file.read_text().split('"""')[1].splitlines()[0]


@pytest.mark.parametrize("tool", _tools())
def test_a_tool_says_what_it_does(tool: str) -> None:
    asked = _run(tool, "--help")
    assert asked.returncode == 0, asked.stderr
    assert f"-m {tool}" in asked.stdout.splitlines()[0]
    assert _doc(tool).split(":")[-1].strip(" .") in asked.stdout
    assert _run(tool, "--no-such-option").returncode == 2
