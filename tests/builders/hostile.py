"""Calls that no well-meaning client makes, and what a refusal must look like."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import requests

from tests.builders.accounts import Person
from tests.builders.contract import Operation, kind_of, put, sample, written, wrongs

_HAN = re.compile(r"[\u4e00-\u9fff]")
_TURN = count()
_RUN = secrets.token_hex(6)
_SESSION = requests.Session()


@dataclass(frozen=True)
class Case:
    """One call, and what its refusal must say: a status, and perhaps a code and the field."""

    what: str
    method: str
    path: str
    body: bytes | None = None
    statuses: tuple[int, ...] = (422,)
    code: str | None = None
    field: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    unread: bool = False  # refused at its first line, before the language was read


def none_of(found: list[str]) -> None:
    """Fail with every line, where there is one."""
    assert not found, "\n" + "\n".join(found)


def faults(person: Person, cases: Sequence[Case] | Iterator[Case]) -> list[str]:
    """What is wrong with the answers, a line each; empty if every call was refused as it should be."""
    return [
        f"{case.method} {case.path[:200]} ({case.what}): {why}"
        for case in cases
        for why in _faults(person, case)
    ]


def _faults(person: Person, case: Case) -> Iterator[str]:
    language = ("", "en", "zh-CN,zh;q=0.9", "en-GB,zh;q=0.5")[next(_TURN) % 4]
    answer = send(person, case, language)
    if answer.status_code not in case.statuses:
        yield f"{answer.status_code} instead of {case.statuses}: {answer.text[:300]}"
        return
    if not answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        yield f"no problem document: {answer.headers.get('Content-Type')} {answer.text[:200]}"
        return
    yield from _unlike(answer.json(), case, english=language.startswith("en") and not case.unread)


def _unlike(problem: Any, case: Case, *, english: bool) -> Iterator[str]:
    errors = problem.get("errors", [])
    codes = {problem["code"], *(error["code"] for error in errors)}
    if case.code and case.code not in codes:
        yield f"code {codes} instead of {case.code}"
    if case.field and case.field not in {error["field"] for error in errors}:
        yield f"fields {[error['field'] for error in errors]} do not name {case.field}"
    for text in (problem["detail"], *(error["message"] for error in errors)):
        if bool(_HAN.search(text)) == english or "{" in text:
            yield f"not in {'English' if english else 'Chinese'}: {text}"


def send(person: Person, case: Case, language: str = "") -> requests.Response:
    """The call as it is, byte for byte; in no language unless one is given."""
    port = next(iter(person.ports.values()))
    headers = {
        **({"Authorization": f"Bearer {person.token}"} if person.token else {}),
        **({"KeQiao-Organisation": person.organisation_id} if person.organisation_id else {}),
        **({"Accept-Language": language} if language else {}),
        **({"Content-Type": "application/json"} if case.body is not None else {}),
        **({} if case.method == "GET" else {"Idempotency-Key": f"{_RUN}-{next(_TURN)}", "If-Match": '"1"'}),
        **dict(case.headers),
    }
    url = f"http://127.0.0.1:{port}/api/v1{case.path}"
    return _SESSION.request(
        case.method,
        url,
        data=case.body,
        headers={name: text for name, text in headers.items() if text},
        timeout=60,
    )


def wrong_members(operation: Operation, path: str) -> Iterator[Case]:
    """Each member of the body, once for each thing that it must not be."""
    assert operation.body is not None
    right = sample(operation.body)
    for way, value in wrongs(operation.body):
        body = json.dumps(put(right, way, value)).encode()
        if len(body) < 900_000:
            field = written(way)
            yield Case(f"{field}={_short(value)}", operation.method, path, body, code="invalid", field=field)


def missing_members(operation: Operation, path: str) -> Iterator[Case]:
    """Each required member left out."""
    assert operation.body is not None
    right = sample(operation.body)
    for name in operation.body.get("required", []):
        body = json.dumps({key: value for key, value in right.items() if key != name}).encode()
        yield Case(f"no {name}", operation.method, path, body, code="required", field=name)


def malformed_bodies(operation: Operation, path: str) -> Iterator[Case]:
    """What is no JSON as we take it, whatever the schema."""
    for what, (body, status, code) in _MALFORMED.items():
        yield Case(what, operation.method, path, body, (status,), code)
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    yield Case("a form", operation.method, path, b"a=1", (415,), "unsupported_media_type", headers=form)
    # The edge says no from the announced length alone, before anything is sent to a service.
    large = b'{"a": "' + b"a" * 1024 * 1024 + b'"}'
    yield Case("over 1 MiB", operation.method, path, large, (413,), "body_too_large")


_MALFORMED: dict[str, tuple[bytes, int, str]] = {
    "cut off": (b"{", 400, "malformed_json"),
    "raw NUL": (b'{"a": "a\0b"}', 400, "malformed_json"),
    "not UTF-8": (b'{"a": "\xff"}', 400, "not_utf8"),
    "NaN": (b'{"a": NaN}', 400, "number_out_of_range"),
    "infinity": (b'{"a": -Infinity}', 400, "number_out_of_range"),
    "overflow": (b'{"a": 1e999}', 400, "number_out_of_range"),
    "5000 digits": (b'{"a": 1' + b"0" * 5000 + b"}", 400, "number_out_of_range"),
    "a key twice": (b'{"a": 1, "a": 2}', 400, "duplicate_key"),
    "10,000 arrays": (b"[" * 10_000, 400, "json_too_deep"),
    "10,000 objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "json_too_deep"),
    "NUL in a key": (b'{"\\u0000": 1}', 422, "invalid_characters"),
    "a lone surrogate": (b'{"a": "\\ud800"}', 422, "invalid_characters"),
}


def wrong_queries(operation: Operation, path: str) -> Iterator[Case]:
    """Each member of the query, once for each thing that it must not be; and some that are none."""
    for name, schema in operation.query.items():
        if name != "cursor":
            yield from (
                Case(
                    f"{name}={_short(text)}",
                    operation.method,
                    f"{path}?{name}={text}",
                    code="invalid",
                    field=field,
                )
                for text, field in _wrong_texts(name, schema)
            )
    yield Case("unknown", operation.method, f"{path}?txet=1", code="unknown_field", field="txet")
    yield Case("NUL", operation.method, f"{path}?txet=%00", code="invalid_characters", field="txet")
    for name in list(operation.query)[:1]:
        if kind_of(operation.query[name]) != "array":
            twice = f"{path}?{name}=1&{name}=2"
            yield Case(f"{name} twice", operation.method, twice, code="duplicate", field=name)


def _wrong_texts(name: str, schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kind = kind_of(schema)
    if kind == "array":
        yield "%00", name
        yield from ((text, f"{name}[0]") for text, _ in _wrong_texts(name, schema["items"]) if text != "%00")
        return
    yield "%00", name
    yield "a%E2%80%AEb", name
    yield from ((text, name) for text in _WRONG_TEXTS.get("enum" if "enum" in schema else kind, ()))
    yield from ((str(schema[limit] + step), name) for limit, step in _LIMITS if limit in schema)
    if "maxLength" in schema and "enum" not in schema:
        yield "a" * (schema["maxLength"] + 1), name


_LIMITS = (("minimum", -1), ("maximum", 1))
_WRONG_TEXTS = {
    "enum": ("no-such",),
    "integer": ("30.9", "x", "1e3", "%EF%BC%91", "1" * 30),
    "number": ("x", "nan", "inf", "1e999"),
    "boolean": ("on", "1", "TRUE"),
    "uuid": ("1", "urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91"),
    "date-time": ("2027-05-11T09:00:00", "2027-02-30T09:00:00Z", "1777600000"),
    "date": ("2027-02-30", "11.05.2027"),
}


def wrong_cursors(operation: Operation, path: str, foreign: str) -> Iterator[Case]:
    """Cursors that were not made for this list; `foreign` was made for another."""
    for cursor in ("x", "AAAA", "%00", "a" * 3000, foreign):
        if "cursor" in operation.query:
            statuses = (400, 422)
            yield Case(
                f"cursor={_short(cursor)}", operation.method, f"{path}?cursor={cursor}", None, statuses
            )


def _short(value: Any) -> str:
    return repr(value)[:40]
