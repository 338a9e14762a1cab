"""The edge sends each resource to its owner and answers its own errors as problem details."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest

from deploy.local.settings import HOST
from deploy.local.stack import Stack
from deploy.nginx.routes import RESOURCES

_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def edge(own_stack: Stack) -> Stack:
    """A stack whose services are down, so that every routed address is answered by the edge itself."""
    return own_stack


def _ask(
    stack: Stack, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[http.client.HTTPResponse, Any]:
    with closing(http.client.HTTPConnection(HOST, stack.port("edge"), timeout=10)) as connection:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        text = answer.read()
    is_json = "json" in answer.headers.get("Content-Type", "")
    return answer, json.loads(text) if is_json else text


@pytest.mark.parametrize(("owner", "resource"), [(o, r) for o, names in RESOURCES.items() for r in names])
def test_every_resource_has_an_owner(edge: Stack, owner: str, resource: str) -> None:
    for path in (f"/api/v1/{resource}", f"/api/v1/{resource}/0192?x=1", f"/api/v1/{owner}/openapi.json"):
        answer, problem = _ask(edge, "GET", path)
        assert answer.status == 502, path
        assert problem["code"] == "unavailable"


@pytest.mark.parametrize("path", ["/api/v1/slotsx", "/api/v1/", "/api/v2/slots", "/api/v1/catalog/other"])
def test_an_unknown_address_is_a_problem_in_the_readers_language(edge: Stack, path: str) -> None:
    answer, problem = _ask(edge, "GET", path, headers={"Accept-Language": "en-GB"})
    assert (answer.status, problem["code"]) == (404, "route_not_found")
    assert problem["detail"].startswith("There is nothing")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert _ask(edge, "GET", path)[1]["detail"] == "没有这个地址。"


def test_a_body_over_a_mebibyte_is_refused(edge: Stack) -> None:
    answer, problem = _ask(edge, "POST", "/api/v1/requests", b"x" * (2**20 + 1))
    assert (answer.status, problem["code"]) == (413, "body_too_large")


def test_a_body_too_large_for_memory_is_passed_on(edge: Stack) -> None:
    answer, problem = _ask(edge, "POST", "/api/v1/requests", b"x" * 2**19)
    assert (answer.status, problem["code"]) == (502, "unavailable")


def test_log_in_attempts_are_limited(edge: Stack) -> None:
    statuses = {_ask(edge, "POST", "/api/v1/tokens", b"{}")[0].status for _ in range(600)}
    assert statuses == {429, 502}


def test_a_trace_is_kept_or_made(edge: Stack) -> None:
    sent = {"traceparent": f"00-{_TRACE}-00f067aa0ba902b7-01"}
    assert _ask(edge, "GET", "/api/v1/slots", headers=sent)[1]["trace_id"] == _TRACE
    made = _ask(edge, "GET", "/api/v1/slots", headers={"traceparent": "00-zz"})[1]["trace_id"]
    assert re.fullmatch("[0-9a-f]{32}", made)


def test_a_request_id_is_kept_only_if_it_looks_like_one(edge: Stack) -> None:
    kept, _ = _ask(edge, "GET", "/api/v1/slots", headers={"X-Request-Id": "abcd-1234"})
    assert kept.headers["X-Request-Id"] == "abcd-1234"
    made, _ = _ask(edge, "GET", "/api/v1/slots", headers={"X-Request-Id": "<script>"})
    assert re.fullmatch("[0-9a-f]{32}", made.headers["X-Request-Id"])


def test_pages_carry_the_security_headers(edge: Stack) -> None:
    answer, page = _ask(edge, "GET", "/")
    assert answer.status == 200
    assert page
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Server"] == "nginx"
