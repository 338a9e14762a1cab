"""How long a search takes, beside the same question put to Elasticsearch itself."""

from __future__ import annotations

import json
import subprocess
from statistics import median
from typing import Any
from urllib.parse import quote, urlencode

from deploy.local.stack import Stack
from loadtests.ground import Ground
from loadtests.ratios.pairing import Ratio, in_turn
from loadtests.ratios.saturation import raw_call, saturate

GOAL = 2.0
_ASKED: dict[str, Any] = {"type": "slots", "q": "科技馆", "seats": 30, "limit": 20}
_ALIAS = "keqiao-slots"
_TURNS = 8
_QUESTION = """
import json, sys
from datetime import datetime
from schemas.http.search import SearchQuery
from services.search.queries import question
wanted = json.loads(sys.argv[1])
asked = {"limit": wanted.pop("limit")} | SearchQuery().load(wanted)
print(json.dumps(question(asked, datetime.fromisoformat(sys.argv[2]))))
"""


def measure(stack: Stack, there: Ground, seconds: float, now: str, times: int) -> Ratio:
    """One caller at a time, so that nothing waits; p50 of both, in many short turns.

    In short ones, since a machine's own speed changes within seconds: in turns of ten seconds the same
    ratio came out between 1.7 and 2.6.
    """
    query = urlencode(_ASKED, quote_via=quote)
    ours = raw_call("GET", f"/api/v1/search?{query}", {}, b"")
    body = question(stack, now)
    theirs = raw_call("POST", f"/{_ALIAS}/_search", {}, body)
    engine = stack.environment("checker")["ELASTICSEARCH_URL"]
    mine, other = in_turn(
        lambda: _p50(there.address, ours, seconds / _TURNS),
        lambda: _p50(engine, theirs, seconds / _TURNS),
        times * _TURNS,
    )
    return Ratio("search_p50", mine, other, GOAL, least=False, unit="ms")


def question(stack: Stack, now: str) -> bytes:
    """The body that search itself makes of what is asked, made in search's own environment."""
    settings = stack.settings
    python = str(settings.venv / "bin/python")
    command = [python, "-W", "ignore", "-c", _QUESTION, json.dumps(_ASKED), now]
    done = subprocess.run(command, cwd=settings.checkout, capture_output=True, check=True)
    return done.stdout.strip()


def _p50(address: str, call: bytes, seconds: float) -> float:
    _, taken = saturate(address, 1, seconds, lambda _: call, b"200")
    return median(taken) * 1000
