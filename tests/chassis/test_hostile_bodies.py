"""Bodies meant to hurt: each is a 4xx that says where, none a 5xx, none leaves a row."""

from __future__ import annotations

import json
import socket
from contextlib import suppress

import pytest
import requests

from tests.fixtures.trial import TinyProcess

JSON = {"Content-Type": "application/json", "Accept-Language": "en"}

_HEAD = (
    b"POST /api/v1/fields HTTP/1.1\r\nHost: tiny\r\nContent-Type: application/json\r\nConnection: close\r\n"
)

MALFORMED = [
    pytest.param(b"{", "application/json", "malformed_json", id="cut off"),
    pytest.param(b"[1,]", "application/json", "malformed_json", id="trailing comma"),
    pytest.param(b"{'a': 1}", "application/json", "malformed_json", id="single quotes"),
    pytest.param(b"\xef\xbb\xbf{}", "application/json", "malformed_json", id="byte order mark"),
    pytest.param(b'{"text": "\xff"}', "application/json", "not_utf8", id="not UTF-8"),
    pytest.param('{"text": "a"}'.encode("utf-16"), "application/json", "not_utf8", id="UTF-16"),
    pytest.param(b'{"text": "a\x00b"}', "application/json", "malformed_json", id="raw NUL"),
    pytest.param(b'{"pupils": NaN}', "application/json", "number_out_of_range", id="NaN"),
    pytest.param(b'{"pupils": -Infinity}', "application/json", "number_out_of_range", id="infinity"),
    pytest.param(b'{"ratio": 1e999}', "application/json", "number_out_of_range", id="overflowing float"),
    pytest.param(
        b'{"pupils": 1' + b"0" * 5000 + b"}", "application/json", "number_out_of_range", id="5000 digits"
    ),
    pytest.param(b'{"text": "a", "text": "b"}', "application/json", "duplicate_key", id="a key twice"),
    pytest.param(b"[" * 10_000, "application/json", "json_too_deep", id="10,000 arrays"),
    pytest.param(
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "application/json", "json_too_deep", id="10,000 objects"
    ),
    pytest.param(
        b'{"text": "' + b'\\"[' * 100_000, "application/json", "malformed_json", id="an endless string"
    ),
    pytest.param(
        b'{"text": "' + b"a" * 1024 * 1024 + b'"}', "application/json", "body_too_large", id="over 1 MiB"
    ),
    pytest.param(b'{"text": "a"}', "text/plain", "unsupported_media_type", id="another type"),
    pytest.param(
        b'{"text": "a"}', "application/json; charset=gbk", "unsupported_media_type", id="another charset"
    ),
    pytest.param(b"text=a", "application/x-www-form-urlencoded", "unsupported_media_type", id="a form"),
]

FIELDS = [
    ('{"pupils": 30.9}', "pupils", "invalid_type"),
    ('{"pupils": 30.0}', "pupils", "invalid_type"),
    ('{"pupils": "30"}', "pupils", "invalid_type"),
    ('{"pupils": true}', "pupils", "invalid_type"),
    ('{"pupils": null}', "pupils", "not_null"),
    ('{"pupils": 0}', "pupils", "too_small"),
    ('{"pupils": 100000}', "pupils", "too_large"),
    ('{"pupils": 99999999999999999999999999}', "pupils", "too_large"),
    ('{"pupils": [30]}', "pupils", "invalid_type"),
    ('{"agreed": "on"}', "agreed", "invalid_type"),
    ('{"agreed": 1}', "agreed", "invalid_type"),
    ('{"ratio": "0.5"}', "ratio", "invalid_type"),
    ('{"ratio": 1.01}', "ratio", "too_large"),
    ('{"lat": 91}', "lat", "too_large"),
    ('{"text": "a\\u0000b"}', "text", "invalid_characters"),
    ('{"text": "a\\ud800b"}', "text", "invalid_characters"),
    ('{"text": "a\\u202eb"}', "text", "invalid_characters"),
    ('{"text": "a\\nb"}', "text", "invalid_characters"),
    ('{"text": "   "}', "text", "too_short"),
    ('{"text": "12345678901"}', "text", "too_long"),
    ('{"text": {"a": 1}}', "text", "invalid_type"),
    ('{"options": {"a": ["\\udfff"]}}', "options.a[0]", "invalid_characters"),
    ('{"options": {"\\ud800": 1}}', "options", "invalid_characters"),
    ('{"\\u0000": 1}', "body", "invalid_characters"),
    ('{"options": []}', "options", "invalid_type"),
    ('{"txet": "a"}', "txet", "unknown_field"),
    ('{"__proto__": {}}', "__proto__", "unknown_field"),
    ('{"id": "1"}', "id", "invalid_id"),
    ('{"id": "urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91"}', "id", "invalid_id"),
    ('{"code": "vist"}', "code", "invalid_choice"),
    ('{"language": "fr"}', "language", "invalid_choice"),
    ('{"day": "2026-02-30"}', "day", "invalid_day"),
    ('{"day": "2026-W01-1"}', "day", "invalid_day"),
    ('{"day": "２０２６-01-01"}', "day", "invalid_day"),
    ('{"adcode": "15040"}', "adcode", "invalid_adcode"),
    ('{"email": "a@b"}', "email", "invalid_email"),
    ('{"windows": {"0": {}}}', "windows", "invalid_type"),
    ('{"windows": [{}]}', "windows[0].starts_at", "required"),
    (
        '{"windows": [{"starts_at": "2026-05-01T09:00:00+08:00"}, {"starts_at": "2026-05-01T09:00:00"}]}',
        "windows[1].starts_at",
        "naive_time",
    ),
    ('{"windows": [{"starts_at": "2026-05-01 09:00:00+08:00"}]}', "windows[0].starts_at", "invalid_time"),
    ('{"windows": [{"starts_at": "2026-05-01T25:00:00Z"}]}', "windows[0].starts_at", "invalid_time"),
    ('{"windows": [{"starts_at": "0001-01-01T00:00:00+23:59"}]}', "windows[0].starts_at", "invalid_time"),
    ('{"windows": [{"starts_at": "1999-12-31T00:00:00Z"}]}', "windows[0].starts_at", "time_out_of_range"),
    ('{"windows": [{"starts_at": 1777600000}]}', "windows[0].starts_at", "invalid_type"),
    ('{"windows": [3]}', "windows[0]", "invalid_type"),
    ('{"windows": [{}, {}, {}]}', "windows", "too_many"),
    ('{"grades": [1, 1]}', "grades", "duplicate"),
    ('{"grades": [1, "2"]}', "grades[1]", "invalid_type"),
    ("[]", "body", "invalid_type"),
    ("3", "body", "invalid_type"),
    ('"text"', "body", "invalid_type"),
]


@pytest.fixture(autouse=True)
def no_row_is_left(tiny: TinyProcess) -> object:
    """Every test here leaves the table as it found it."""
    tiny.execute("delete from note where text = 'fields'")
    yield
    assert tiny.execute("select count(*) from note where text = 'fields'") == [(0,)]


@pytest.mark.parametrize(("body", "media_type", "code"), MALFORMED)
def test_what_is_not_json_as_we_take_it(tiny: TinyProcess, body: bytes, media_type: str, code: str) -> None:
    answer = requests.post(
        f"{tiny.url}/fields", data=body, headers=JSON | {"Content-Type": media_type}, timeout=20
    )
    assert (answer.json()["code"], answer.status_code // 100) == (code, 4), answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize(("body", "field", "code"), FIELDS)
def test_what_no_field_takes(tiny: TinyProcess, body: str, field: str, code: str) -> None:
    for language in ("en", "zh"):
        headers = JSON | {"Accept-Language": language}
        answer = requests.post(f"{tiny.url}/fields", data=body.encode(), headers=headers, timeout=20)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (422, "invalid", field), answer.text
        assert problem["errors"][0]["code"] == code
        assert "{" not in problem["errors"][0]["message"]


def test_many_mistakes_are_named_at_once_and_not_without_end(tiny: TinyProcess) -> None:
    body = {f"unknown_{number}": 1 for number in range(5000)}
    problem = tiny.post("/fields", body).json()
    assert len(problem["errors"]) == 100


def test_a_megabyte_of_field_name_is_cut(tiny: TinyProcess) -> None:
    problem = tiny.post("/fields", {"n" * 1_000_000: 1}).json()
    assert len(problem["field"]) == 200


def test_an_endpoint_without_a_body_takes_none(tiny: TinyProcess) -> None:
    answer = tiny.post("/nothing", {"surprise": 1})
    assert (answer.status_code, answer.json()["field"]) == (422, "surprise")
    assert tiny.post("/nothing", {}).status_code == 204


def test_a_body_that_ends_early_is_refused(tiny: TinyProcess) -> None:
    answer = _raw(tiny, b'Content-Length: 100\r\n\r\n{"pupils": 3}', half_close=True)
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"body_incomplete" in answer


def test_an_endless_body_is_refused_before_it_is_read(tiny: TinyProcess) -> None:
    answer = _raw(tiny, b"Content-Length: 10000000000\r\n\r\n{", keep_alive=True)
    assert b" 413 " in answer.split(b"\r\n")[0]


def test_an_endless_chunked_body_is_refused(tiny: TinyProcess) -> None:
    chunk = b"%x\r\n%s\r\n" % (65536, b"a" * 65536)
    answer = _raw(tiny, b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 20, keep_alive=True)
    # What the client has sent beyond the limit may reset the connection before it has read the answer.
    assert answer == b"" or b" 413 " in answer.split(b"\r\n")[0]
    assert tiny.get("/notes").status_code == 200


def test_a_chunked_body_counts_like_any_other(tiny: TinyProcess) -> None:
    chunk = b'{"pupils": 30.9}'
    body = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(chunk), chunk)
    answer = _raw(tiny, body)
    assert b" 422 " in answer.split(b"\r\n")[0]


def test_an_announced_length_that_is_no_number_is_refused(tiny: TinyProcess) -> None:
    answer = _raw(tiny, b"Content-Length: many\r\n\r\n{}")
    assert answer.split(b"\r\n")[0].split()[1].startswith(b"4")


def test_depth_of_32_is_still_taken(tiny: TinyProcess) -> None:
    document: object = 1
    for _ in range(30):
        document = [document]
    assert (
        requests.post(f"{tiny.url}/fields", json={"pupil": document}, timeout=5).json()["code"] == "invalid"
    )
    deep = json.dumps({"options": {"a": document}})
    assert requests.post(f"{tiny.url}/fields", data=deep, headers=JSON, timeout=5).status_code == 200
    tiny.execute("delete from note where text = 'fields'")


def _raw(tiny: TinyProcess, rest: bytes, half_close: bool = False, keep_alive: bool = False) -> bytes:
    host, port = tiny.environment["HTTP_ADDRESS"].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as conn:
        conn.sendall((_HEAD.replace(b"Connection: close\r\n", b"") if keep_alive else _HEAD) + rest)
        if half_close:
            conn.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(ConnectionResetError):
            while part := conn.recv(65536):
                answer += part
    return answer
