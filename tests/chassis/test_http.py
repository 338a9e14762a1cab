"""HTTP endpoints on a real process: addresses, languages, failures, files, numbers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.chassis import http
from tests.fixtures.tokens import TokenFor, membership
from tests.fixtures.trial import RunTiny, TinyProcess

Eventually = Callable[..., Any]
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def headers(token_for: TokenFor) -> dict[str, str]:
    """A teacher's."""
    teacher = membership("teacher")
    return {"Authorization": f"Bearer {token_for(teacher)}", "KeQiao-Organisation": teacher["o"]}


def test_an_unknown_address_is_a_problem_in_the_callers_language(tiny: TinyProcess) -> None:
    chinese = tiny.get("/nowhere")
    english = tiny.get("/nowhere", headers={"Accept-Language": "en-GB,zh;q=0.5"})
    assert (chinese.status_code, chinese.headers["Content-Type"]) == (404, PROBLEM)
    assert (chinese.json()["code"], chinese.json()["detail"]) == ("route_not_found", "没有这个地址。")
    assert english.json()["detail"] == "There is nothing at this address."


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(tiny: TinyProcess) -> None:
    answer = requests.delete(f"{tiny.url}/notes", timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("path", ["//notes", "/notes/not-a-uuid", "/named/a%00b", "/named/%0d%0a"])
def test_a_path_that_is_nearly_right_is_not_found(tiny: TinyProcess, path: str) -> None:
    answer = tiny.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "route_not_found")


def test_a_failure_answers_with_a_trace_id_that_the_log_has_and_no_secret(tiny: TinyProcess) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = tiny.get("/broken", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert (answer.status_code, answer.json()["code"], answer.json()["trace_id"]) == (500, "internal", trace)
    assert "secret" not in answer.text
    lines = [line for line in tiny.log.read_text().splitlines() if trace in line]
    assert any("ZeroDivisionError" in line and '"level": "error"' in line for line in lines)


def test_a_refusal_without_texts_says_so_under_its_own_status(tiny: TinyProcess) -> None:
    answer = tiny.get("/refused", headers={"Accept-Language": "en"}).json()
    assert (answer["status"], answer["code"], answer["field"]) == (422, "refused", "items[0]")


def test_a_lock_that_is_held_too_long_is_busy_and_says_when_to_come_back(tiny: TinyProcess) -> None:
    with psycopg.connect(tiny.environment["DATABASE_URL"]) as conn:
        conn.execute("select pg_advisory_xact_lock(1)")
        answer = tiny.get("/locked")
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "busy", "1")


def test_a_file_is_streamed_with_its_chinese_name(tiny: TinyProcess) -> None:
    answer = tiny.get("/file")
    assert answer.text.split() == ["id", "1", "2", "3"]
    assert "filename*=UTF-8''%E5%8F%B0%E8%B4%A6.csv" in answer.headers["Content-Disposition"]


def test_an_empty_answer_has_no_content(tiny: TinyProcess) -> None:
    assert tiny.post("/nothing").status_code == 204


def test_the_openapi_document_is_valid_and_names_what_each_endpoint_asks_for(tiny: TinyProcess) -> None:
    document = tiny.get("/tiny/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    create = document["paths"]["/api/v1/notes"]["post"]
    names = {parameter["name"] for parameter in create["parameters"]}
    assert names == {"KeQiao-Organisation", "Idempotency-Key"}
    assert document["components"]["schemas"]["NoteInput"]["properties"]["text"]["maxLength"] == 100
    listing = document["paths"]["/api/v1/notes"]["get"]
    assert {p["name"] for p in listing["parameters"]} == {"limit", "cursor", "text", "since", "hot", "sizes"}


def test_numbers_are_shown_by_route_and_not_by_address(tiny: TinyProcess) -> None:
    tiny.get("/notes/0190163d-8694-739b-aea5-966c26f8ad91")
    tiny.get("/something-invented")
    numbers = requests.get(f"{tiny.metrics_url}/metrics", timeout=5).text
    route = "/api/v1/notes/<uuid:note_id>"
    assert (
        f'keqiao_http_requests_total{{method="GET",route="{route}",service="tiny",status="404"}}' in numbers
    )
    assert "something-invented" not in numbers
    assert "\ntiny_notes " in numbers


def test_one_health_server_stands_for_both_classes(tiny: TinyProcess) -> None:
    checks = requests.get(f"{tiny.metrics_url}/health/ready", timeout=5).json()["checks"]
    assert set(checks.values()) == {"ok"}
    assert {name.split(".")[0] for name in checks} == {"bus", "database", "commands", "replies"}


def test_what_the_reader_has_already_is_not_sent_again(tiny: TinyProcess, headers: dict[str, str]) -> None:
    note = tiny.post("/unguarded-notes", {"text": "unchanged"}, headers=headers).json()
    address = f"/notes/{note['id']}"
    tag = tiny.get(address).headers["ETag"]
    assert tiny.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert tiny.get(address, headers={"If-None-Match": '"7"'}).status_code == 200


def test_a_reader_who_insists_on_another_version_is_refused_in_the_own_language(
    tiny: TinyProcess, headers: dict[str, str]
) -> None:
    note = tiny.post("/unguarded-notes", {"text": "insisted"}, headers=headers).json()
    address = f"/notes/{note['id']}"
    chinese = tiny.get(address, headers={"If-Match": '"7"'})
    english = tiny.get(address, headers={"If-Match": '"7"', "Accept-Language": "en", "If-None-Match": '"1"'})
    assert (chinese.status_code, chinese.headers["Content-Type"]) == (412, PROBLEM)
    assert (chinese.json()["code"], chinese.json()["title"]) == ("stale", "内容已变")
    assert (english.status_code, english.json()["title"]) == (412, "Precondition Failed")


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"'])
def test_a_reader_who_insists_on_the_version_that_there_is_gets_it(
    tiny: TinyProcess, headers: dict[str, str], tag: str
) -> None:
    note = tiny.post("/unguarded-notes", {"text": "insisted"}, headers=headers).json()
    assert tiny.get(f"/notes/{note['id']}", headers={"If-Match": tag}).json() == note


def test_a_page_in_hand_is_answered_before_the_process_ends(
    run_tiny: RunTiny, eventually: Eventually
) -> None:
    tiny = run_tiny(("TinyHttp",))
    busy = """
    select pid from pg_stat_activity
     where datname = current_database() and query = 'select pg_sleep(1.5)' and state = 'active'
    """
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(tiny.get, "/slow")
        eventually(lambda: tiny.execute(busy) != [], 10)
        tiny.ask_to_end()
        assert page.result().status_code == 200
    assert tiny.process.wait(15) == 0


def test_an_endpoint_that_creates_needs_a_caller_and_a_transaction() -> None:
    for promise in ({"roles": None}, {"transaction": False}):
        with pytest.raises(ValueError, match="creates"):
            http.endpoint("POST", "/x", creates=True, **promise)


def test_a_list_is_read_page_by_page(tiny: TinyProcess, headers: dict[str, str]) -> None:
    for number in range(5):
        tiny.post("/unguarded-notes", {"text": f"page-{number}"}, headers=headers)
    query = {"text": "page-", "limit": "2"}
    seen: list[str] = []
    for _ in range(3):
        answer = tiny.get("/notes", params=query).json()
        seen += [item["text"] for item in answer["items"]]
        query["cursor"] = answer["next"]
    assert answer["next"] is None
    assert seen == [f"page-{number}" for number in range(5)]


def test_a_cursor_that_was_not_made_for_this_list_is_refused(
    tiny: TinyProcess, headers: dict[str, str]
) -> None:
    for _ in range(2):
        tiny.post("/unguarded-notes", {"text": "cursor"}, headers=headers)
    good = tiny.get("/notes", params={"limit": "1"}).json()["next"]
    forged = [good[:-2] + "AA", "e30", "%%%", "", "W10", "a" * 5000, "值"]
    for cursor in forged:
        answer = tiny.get("/notes", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["field"]) == (400, "cursor"), cursor
    assert tiny.get("/other-notes", params={"cursor": good}).json()["code"] == "cursor_invalid"


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "too_small"),
        ("limit=201", "limit", "too_large"),
        ("limit=ten", "limit", "invalid_type"),
        ("limit=1&limit=2", "limit", "duplicate"),
        ("limt=1", "limt", "unknown_field"),
        ("since=2026-01-01T00:00:00", "since", "naive_time"),
        ("hot=yes", "hot", "invalid_type"),
        ("sizes=1,2,x", "sizes[2]", "invalid_type"),
        ("sizes=1&sizes=2&sizes=3&sizes=4", "sizes", "too_many"),
        ("text=a%00b", "text", "invalid_characters"),
        ("text=", "text", "too_short"),
    ],
)
def test_a_query_is_read_strictly(tiny: TinyProcess, query: str, field: str, code: str) -> None:
    answer = tiny.get(f"/notes?{query}")
    assert (answer.status_code, answer.json()["field"], answer.json()["errors"][0]["code"]) == (
        422,
        field,
        code,
    )


def test_a_query_gives_typed_values(tiny: TinyProcess) -> None:
    assert tiny.get("/notes?sizes=1,2&sizes=3&hot=true&since=2026-01-01T00:00:00%2B08:00").status_code == 200
