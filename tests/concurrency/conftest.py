"""Runs the races on scratch databases five times in `make prove`: one won once may have been luck."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.fixtures.copies import Templates
from tests.fixtures.scratch import Scratch, workshop

_RUNS = range(5) if os.environ.get("KEQIAO_TEST_DEPTH") == "prove" else None


@pytest.fixture(scope="module", params=_RUNS)
def scratch(stack: Stack, templates: Templates) -> Iterator[Scratch]:
    """Scratch databases of one run of a module; each run has its own."""
    with workshop(stack, templates) as make:
        yield make
