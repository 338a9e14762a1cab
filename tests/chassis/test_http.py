"""HTTP endpoints on a real process: addresses, languages, failures, files, numbers."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.trial import TinyProcess

PROBLEM = "application/problem+json"


def test_an_unknown_address_is_a_problem_in_the_callers_language(tiny: TinyProcess) -> None:
    chinese = tiny.get("/nowhere")
    english = tiny.get("/nowhere", headers={"Accept-Language": "en-GB,zh;q=0.5"})
    assert (chinese.status_code, chinese.headers["Content-Type"]) == (404, PROBLEM)
    assert (chinese.json()["code"], chinese.json()["detail"]) == ("route_not_found", "没有这个地址。")
    assert english.json()["detail"] == "There is nothing at this address."
