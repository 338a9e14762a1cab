"""Refusals become problems: by the nearest code that has texts, in the caller's language."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from schemas.refusal import FieldError, Invalid, NotFound, Refusal
from services.chassis.problems import language_of, problem


class SlotNotFound(NotFound):
    """Has no texts of its own."""

    code = "slot_not_found_at_all"


class Strange(Refusal):
    """Nobody has texts for it."""

    code = "strange"


def said(refusal: Refusal, language: str = "en") -> dict[str, Any]:
    body: dict[str, Any] = json.loads(problem(refusal, language=language, trace_id="0" * 32).get_data())
    return body


def test_a_code_without_texts_speaks_for_the_class_above_it() -> None:
    assert (said(SlotNotFound())["code"], said(SlotNotFound())["status"]) == ("not_found", 404)
    assert (said(Strange())["code"], said(Strange())["status"]) == ("refused", 422)


def test_several_field_errors_are_said_in_order() -> None:
    body = said(Invalid(FieldError("a", "required"), FieldError("b[0]", "too_large", {"max": 30})), "zh")
    assert body["field"] == "a"
    assert [error["message"] for error in body["errors"]] == ["必填", "不能大于 30"]


def test_a_missing_param_leaves_a_poor_text_rather_than_a_second_error() -> None:
    assert said(Invalid(FieldError("b", "too_large")))["errors"][0]["message"] == "is more than {max}"


def test_half_a_character_in_a_param_does_not_break_the_answer() -> None:
    assert "?" in said(Invalid(FieldError("a\ud800", "required")))["field"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("en", "en"),
        ("en-GB, zh;q=0.5", "en"),
        ("zh-CN, en;q=0.9", "zh"),
        ("fr, en;q=0.3", "en"),
        ("fr", "zh"),
        ("*", "zh"),
        (";;;q=,", "zh"),
        ("en;q=0, zh", "zh"),
    ],
)
def test_the_language_is_the_first_of_ours_that_is_asked_for(header: str, language: str) -> None:
    assert language_of(parse_accept_header(header, LanguageAccept)) == language
