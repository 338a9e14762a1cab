"""The decoder lets through what JSON is, and nothing else that Python would."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.refusal import Invalid, Refusal
from services.chassis.decoder import MAX_DEPTH, DuplicateKey, JsonTooDeep, decode

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_is_json_is_read_as_python_reads_it(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert decode(text.encode()) == json.loads(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Refusal):
        decode(raw)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_counted_exactly(opening: str, closing: str) -> None:
    decode(f"{opening * MAX_DEPTH}1{closing * MAX_DEPTH}".encode())
    with pytest.raises(JsonTooDeep):
        decode(f"{opening * (MAX_DEPTH + 1)}1{closing * (MAX_DEPTH + 1)}".encode())


def test_brackets_in_texts_are_no_depth() -> None:
    value = {"a": "[" * 100, 'b"\\': ["]}" * 100, '\\"[{']}
    assert decode(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "raw", [b'"\\"' * 100_000, b'"' + b'\\"' * 200_000, b"[" * 300_000, b'"a",' * 100_000]
)
def test_hostile_texts_take_no_longer_than_their_length(raw: bytes) -> None:
    began = time.process_time()
    with pytest.raises(Refusal):
        decode(raw + b"[" * 33)
    assert time.process_time() - began < 5


def test_a_repeated_key_is_named() -> None:
    with pytest.raises(DuplicateKey) as refused:
        decode(b'{"a": {"seats": 1, "seats": 2}}')
    assert refused.value.field == "seats"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b'{"a": [1, {"b": "\\u0000"}]}', "a[1].b"),
        (b'{"a": {"\\udc00": 1}}', "a"),
        (b'["\\ud800"]', "[0]"),
        (b'"\\ud800"', "body"),
    ],
)
def test_a_text_that_is_none_is_named_by_its_path(raw: bytes, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode(raw)
    assert refused.value.errors[0][:2] == (path, "invalid_characters")


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert decode(b'"\\ud83d\\ude00"') == "😀"
