"""One Idempotency-Key does its work once, however often and however fast it comes."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import requests
from psycopg.rows import dict_row
from werkzeug.wrappers import Response

from services.chassis import idempotency
from tests.fixtures.tokens import TokenFor, membership
from tests.fixtures.trial import TinyProcess

TEACHER = membership("teacher")


@pytest.fixture(scope="module")
def headers(token_for: TokenFor) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_for(TEACHER)}", "KeQiao-Organisation": TEACHER["o"]}


def write(
    tiny: TinyProcess, headers: dict[str, str], key: str | None, path: str = "/notes", **body: Any
) -> requests.Response:
    keyed = headers | ({"Idempotency-Key": key} if key is not None else {})
    return tiny.post(path, body, headers=keyed)


def count(tiny: TinyProcess, text: str) -> int:
    return int(tiny.execute("select count(*) from note where text = %s", text)[0][0])


def at_once(tiny: TinyProcess, headers: dict[str, str], path: str, text: str) -> list[requests.Response]:
    key = uuid.uuid4().hex
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(write, tiny, headers, key, path, text=text, wait_seconds=1.0) for _ in range(2)]
        return [call.result() for call in calls]


def test_twice_at_once_does_the_work_twice_without_the_guard(
    tiny: TinyProcess, headers: dict[str, str]
) -> None:
    text = f"unguarded {uuid.uuid4().hex}"
    assert [a.status_code for a in at_once(tiny, headers, "/unguarded-notes", text)] == [201, 201]
    assert count(tiny, text) == 2


def test_twice_at_once_does_the_work_once_and_says_that_it_is_under_way(
    tiny: TinyProcess, headers: dict[str, str]
) -> None:
    text = f"guarded {uuid.uuid4().hex}"
    answers = at_once(tiny, headers, "/notes", text)
    assert sorted(a.status_code for a in answers) == [201, 409]
    late = next(a for a in answers if a.status_code == 409)
    assert (late.json()["code"], late.headers["Retry-After"]) == ("in_flight", "1")
    assert count(tiny, text) == 1


def test_a_repeated_call_gets_the_same_answer(tiny: TinyProcess, headers: dict[str, str]) -> None:
    key, text = uuid.uuid4().hex, f"again {uuid.uuid4().hex}"
    first, second = (write(tiny, headers, key, text=text) for _ in range(2))
    assert (first.status_code, second.status_code, second.content) == (201, 201, first.content)
    assert (first.headers["ETag"], second.headers["ETag"]) == ('"1"', '"1"')
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert count(tiny, text) == 1


def test_the_order_of_members_makes_no_other_body(tiny: TinyProcess, headers: dict[str, str]) -> None:
    key, text = uuid.uuid4().hex, f"order {uuid.uuid4().hex}"
    write(tiny, headers, key, text=text, wait_seconds=0)
    assert write(tiny, headers, key, wait_seconds=0, text=text).headers["Idempotent-Replayed"] == "true"


def test_a_key_used_for_another_body_is_refused(tiny: TinyProcess, headers: dict[str, str]) -> None:
    key = uuid.uuid4().hex
    write(tiny, headers, key, text="one")
    answer = write(tiny, headers, key, text="two")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refused_call_may_be_made_again_with_its_key(tiny: TinyProcess, headers: dict[str, str]) -> None:
    key, text = uuid.uuid4().hex, f"mended {uuid.uuid4().hex}"
    assert write(tiny, headers, key, text="").status_code == 422
    assert write(tiny, headers, key, text=text).status_code == 201


def test_two_callers_may_use_the_same_key(
    tiny: TinyProcess, headers: dict[str, str], token_for: TokenFor
) -> None:
    key, text = uuid.uuid4().hex, f"shared {uuid.uuid4().hex}"
    other = headers | {"Authorization": f"Bearer {token_for(TEACHER)}"}
    assert write(tiny, headers, key, text=text).status_code == 201
    assert "Idempotent-Replayed" not in write(tiny, other, key, text=text).headers
    assert count(tiny, text) == 2


@pytest.mark.parametrize("key", [None, "", "short", "with space", "a" * 129, "tab\tinside"])
def test_a_call_that_creates_needs_a_usable_key(
    tiny: TinyProcess, headers: dict[str, str], key: str | None
) -> None:
    answer = write(tiny, headers, key, text="keyless")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert count(tiny, "keyless") == 0


def test_an_answer_kept_meanwhile_undoes_the_work(tiny: TinyProcess) -> None:
    this = idempotency.attempt(
        caller="x", route="POST /x", key=uuid.uuid4().hex, body={}, now=datetime(2026, 4, 1, tzinfo=UTC)
    )
    url = tiny.environment["DATABASE_URL"]
    with (
        psycopg.connect(url, row_factory=dict_row) as first,
        psycopg.connect(url, row_factory=dict_row) as second,
    ):
        idempotency.finish(first, this, Response(b"{}", status=201))
        first.commit()
        with pytest.raises(idempotency.InFlight):
            idempotency.finish(second, this, Response(b"{}", status=201))


def test_answers_are_forgotten_after_two_days(tiny: TinyProcess) -> None:
    then = datetime(2026, 3, 1, tzinfo=UTC)
    key = uuid.uuid4().hex
    with psycopg.connect(tiny.environment["DATABASE_URL"], row_factory=dict_row) as conn:
        old = idempotency.attempt(caller="x", route="POST /x", key=key, body={}, now=then)
        idempotency.finish(conn, old, Response(b"{}", status=201))
        soon = idempotency.attempt(
            caller="x", route="POST /x", key=key, body={}, now=then + timedelta(hours=47)
        )
        late = idempotency.attempt(
            caller="x", route="POST /x", key=key, body={}, now=then + timedelta(hours=49)
        )
        assert idempotency.begin(conn, soon) is not None
        assert idempotency.begin(conn, late) is None
        assert idempotency.prune(conn, then + timedelta(hours=49)) == 1


def test_a_change_names_the_version_that_it_is_based_on(tiny: TinyProcess, headers: dict[str, str]) -> None:
    note = write(tiny, headers, uuid.uuid4().hex, text="changing")
    address = f"{tiny.url}/notes/{note.json()['id']}"

    def change(tag: str | None) -> requests.Response:
        tagged = headers | ({"If-Match": tag} if tag is not None else {})
        return requests.patch(address, json={"text": "changed"}, headers=tagged, timeout=10)

    assert [change(None).status_code, change(None).json()["code"]] == [428, "precondition_required"]
    for malformed in ("1", "*", '"one"', '"1", "2"', '"-1"', '"99999999999999999999"'):
        answer = change(malformed)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_header"), malformed
    changed = change(note.headers["ETag"])
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    stale = change(note.headers["ETag"])
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert change('W/"2"').status_code == 200
    assert tiny.get(f"/notes/{note.json()['id']}").headers["ETag"] == '"3"'
