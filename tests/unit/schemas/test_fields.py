"""Fields take one JSON type each, and give back what they were given."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, validate
from marshmallow import fields as plain

from schemas import fields
from schemas.contract import Fact, Input, page, shared
from schemas.errors import MESSAGES

SOUND = st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2099, 12, 30), timezones=st.just(UTC))


class Window(Input):
    starts_at = fields.Instant(required=True)


class Everything(Input):
    id = fields.Id()
    text = fields.Text(max=10)
    lines = fields.Text(max=20, lines=True)
    secret = fields.Secret(max=20, min=8)
    pupils = fields.Int(min=1)
    windows = fields.ListOf(fields.Nested(Window), max=2)
    at = fields.Instant()
    day = fields.Day()


def complaints(kind: type[Input], value: Any) -> Any:
    with pytest.raises(ValidationError) as refused:
        kind().load(value)
    return refused.value.messages


def test_text_is_trimmed_and_composed() -> None:
    assert Everything().load({"text": "  e\u0301 赤峰 "}) == {"text": "é 赤峰"}


def test_mongolian_script_and_rare_han_are_text() -> None:
    for text in ("ᠴᠢᠶᠠᠭᠠᠨ", "𠮷", "ᠮᠣᠩᠭᠣᠯ\u180e"):
        assert Everything().load({"text": text}) == {"text": text}


def test_line_breaks_stay_where_they_are_asked_for() -> None:
    assert Everything().load({"lines": "a\r\nb\tc"}) == {"lines": "a\nb\tc"}
    assert complaints(Everything, {"lines": "a\x0bb"}) == {"lines": ["invalid_characters"]}


def test_a_secret_is_taken_as_it_is_and_never_shown() -> None:
    loaded = Everything().load({"secret": " e\u0301 1234 "})
    assert loaded == {"secret": " e\u0301 1234 "}
    assert Everything().dump(loaded) == {}


def test_length_counts_after_trimming() -> None:
    assert Everything().load({"text": " " * 50 + "a"}) == {"text": "a"}
    assert complaints(Everything, {"text": "a" * 11}) == {"text": ["too_long"]}


@given(st.one_of(st.floats(), st.booleans(), st.text(), st.none(), st.lists(st.integers())))
def test_an_integer_is_nothing_but_an_integer(value: Any) -> None:
    with pytest.raises(ValidationError):
        Everything().load({"pupils": value})


@given(SOUND)
def test_a_moment_comes_back_as_it_was_sent(moment: datetime) -> None:
    wire = Everything().dump({"at": moment})
    assert wire["at"].endswith("Z")
    assert Everything().load(wire) == {"at": moment}


def test_a_moment_is_kept_in_utc() -> None:
    loaded = Everything().load({"at": "2026-05-01T00:30:00.25+08:00"})
    assert loaded["at"] == datetime(2026, 4, 30, 16, 30, 0, 250000, UTC)
    assert loaded["at"].utcoffset() == timedelta(0)


def test_a_naive_moment_is_never_put_on_the_wire() -> None:
    with pytest.raises(ValueError, match="naive"):
        Everything().dump({"at": datetime(2026, 5, 1)})


def test_a_moment_of_another_zone_is_dumped_in_utc() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert Everything().dump({"at": datetime(2026, 5, 1, 8, tzinfo=shanghai)}) == {
        "at": "2026-05-01T00:00:00Z"
    }


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)))
def test_a_day_comes_back_as_it_was_sent(day: date) -> None:
    assert Everything().load(Everything().dump({"day": day})) == {"day": day}


@given(st.uuids())
def test_an_id_comes_back_as_it_was_sent(value: uuid.UUID) -> None:
    assert Everything().load(Everything().dump({"id": value})) == {"id": value}


def test_a_list_is_counted_before_it_is_read() -> None:
    assert complaints(Everything, {"windows": [{}, {}, {}]}) == {"windows": ["too_many"]}
    assert complaints(Everything, {"windows": [{}]}) == {"windows": {0: {"starts_at": ["required"]}}}


def test_stock_fields_of_marshmallow_complain_in_codes_too() -> None:
    class Stock(Input):
        a = plain.Integer(required=True, strict=True)
        b = plain.String(validate=validate.Length(max=1))
        c = plain.Nested(Window)

    assert complaints(Stock, {"b": 3, "c": 3, "d": 1}) == {
        "a": ["required"],
        "b": ["invalid_type"],
        "c": {"_schema": ["invalid_type"]},
        "d": ["unknown_field"],
    }


def test_a_reader_ignores_what_it_does_not_know() -> None:
    class Seats(Fact):
        free = fields.Int(min=0)

    assert Seats().load({"free": 3, "added_later": True}) == {"free": 3}


def test_a_page_holds_items_and_the_next_cursor() -> None:
    assert page(Window)().dump({"items": [{"starts_at": "2026-05-01T00:00:00Z"}], "next": None}) == {
        "items": [{"starts_at": "2026-05-01T00:00:00Z"}],
        "next": None,
    }
    assert page(Window) is page(Window)
    assert shared(Window) is shared(Window)


def test_every_code_has_both_texts_and_a_status_that_says_whose_fault_it_is() -> None:
    for code, message in MESSAGES.items():
        assert code.isidentifier(), code
        assert 400 <= message.status < 600, code
        assert message.en.strip(), code
        assert any("\u4e00" <= char <= "\u9fff" for char in message.zh), code
