"""Cursors carry sort keys to the next page and nobody else's."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.paging import CursorInvalid, current_list, make_cursor, page, read_cursor

KEYS = st.lists(
    st.uuids()
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(blacklist_categories=["Cs"]))
    | st.none(),
    max_size=4,
)


@given(KEYS)
def test_keys_come_back_as_they_were_with_their_types(keys: list[Any]) -> None:
    read = read_cursor(make_cursor(keys))
    assert read == keys
    assert [type(key) for key in read] == [type(key) for key in keys]


@given(st.text(max_size=60))
def test_what_was_not_made_here_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        read_cursor(text)


def test_a_cursor_changed_in_any_character_is_refused() -> None:
    cursor = make_cursor([datetime(2026, 5, 1, tzinfo=UTC), uuid.UUID(int=7), date(2026, 5, 1)])
    for position, char in enumerate(cursor):
        changed = cursor[:position] + ("A" if char != "A" else "B") + cursor[position + 1 :]
        with pytest.raises(CursorInvalid):
            read_cursor(changed)


def test_a_cursor_of_another_list_or_another_service_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    token = current_list.set("GET /notes")
    cursor = make_cursor([1])
    current_list.reset(token)
    with pytest.raises(CursorInvalid):
        read_cursor(cursor)
    ours = make_cursor([1])
    monkeypatch.setenv("AMQP_URL", "amqp://another:secret@host/keqiao")
    with pytest.raises(CursorInvalid):
        read_cursor(ours)


def test_the_row_beyond_the_limit_is_only_a_sign_that_there_is_more() -> None:
    rows = [{"id": number} for number in range(3)]
    assert page(rows, 3, lambda row: [row["id"]]) == {"items": rows, "next": None}
    first = page(rows, 2, lambda row: [row["id"]])
    assert first["items"] == rows[:2]
    assert read_cursor(first["next"]) == [1]
