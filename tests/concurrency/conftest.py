"""Runs every race five times in `make prove`: one that was won once may have been luck."""

from __future__ import annotations

import os

import pytest

_TIMES = {"prove": 5}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Add the number of the run to each test, where the depth asks for several."""
    times = _TIMES.get(os.environ.get("KEQIAO_TEST_DEPTH", ""), 1)
    if times > 1:
        metafunc.fixturenames.append("run")
        metafunc.parametrize("run", range(times))
