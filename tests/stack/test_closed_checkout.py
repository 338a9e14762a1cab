"""A checkout that only root may enter keeps its stack's state where the servers' own user can reach it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.settings import CHECKOUT, HOST, for_tests, reachable_root
from deploy.local.stack import Stack

pytestmark = pytest.mark.fault
PARTS = ("postgres", "mail", "edge")
_CODE = ("deploy", "schemas", "services")
_PORT_BASE = for_tests().port_base + 200
Run = Callable[..., str]


@pytest.fixture
def closed_checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy of this checkout below a folder of mode 0700; its stack and its state are gone afterwards."""
    if os.geteuid() != 0:
        pytest.skip("whoever is not root runs the servers too, and gets everywhere that they must")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    checkout = closed / "keqiao"
    for name in _CODE:
        shutil.copytree(CHECKOUT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / ".venv").symlink_to(CHECKOUT / ".venv")
    yield checkout
    _run(checkout, "clean")


def test_a_stack_of_a_closed_checkout_runs_on_state_elsewhere(closed_checkout: Path, stack: Stack) -> None:
    _run(closed_checkout, "up", "--only", ",".join(PARTS))
    state = reachable_root(closed_checkout)
    assert not (closed_checkout / ".local").exists()
    assert state.is_relative_to("/var/tmp")
    assert state not in (reachable_root(CHECKOUT), stack.settings.state)
    assert (state / "postgres").stat().st_uid != 0
    assert f"KEQIAO_STATE={state}" in _run(closed_checkout, "env", "catalog").splitlines()
    with urllib.request.urlopen(f"http://{HOST}:{_PORT_BASE}/", timeout=10) as page:
        assert "科桥" in page.read().decode()
    _run(closed_checkout, "clean")
    assert not state.exists() or not any(state.iterdir())


def _run(checkout: Path, *arguments: str) -> str:
    """One verb of that checkout's own stack, as somebody who has set no variable but the port."""
    variables = {"PATH": os.environ["PATH"], "KEQIAO_PORT_BASE": str(_PORT_BASE)}
    command = [sys.executable, "-m", "deploy.local", *arguments]
    done = subprocess.run(
        command, cwd=checkout, env=variables, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
