"""Commands while the broker is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from deploy.local.stack import Stack
from tests.fixtures.trial import TinyProcess

pytestmark = pytest.mark.fault
Eventually = Callable[..., Any]


def test_calls_end_in_time_while_the_broker_is_away_and_work_again_when_it_is_back(
    tiny: TinyProcess, stack: Stack, eventually: Eventually
) -> None:
    assert tiny.post("/calls/echo", {"words": "before"}).status_code == 200
    stack.stop("rabbitmq")
    try:
        began = time.monotonic()
        assert tiny.post("/calls/echo", {"words": "during"}).json()["code"] == "no_answer"
        assert time.monotonic() - began < 10
        assert tiny.get("/notes").status_code == 200
        ready = requests.get(f"{tiny.metrics_url}/health/ready", timeout=10)
        assert (ready.status_code, ready.json()["checks"]["bus"]) == (503, "failing")
    finally:
        stack.start("rabbitmq")
    eventually(lambda: tiny.post("/calls/echo", {"words": "after"}).status_code == 200, 30)
    assert tiny.get("/pending").json() == {"pending": 0}
