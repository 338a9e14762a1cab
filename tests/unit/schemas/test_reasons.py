"""Reasons can be said in both languages, with and without their numbers."""

from __future__ import annotations

import pytest

from schemas.reasons import FALLEN, MORE, fallen_text

_NUMBERS = {name: 7 for ways in MORE.values() for names, _ in ways for name in names}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", sorted(FALLEN))
def test_a_reason_is_a_sentence(code: str, language: str) -> None:
    plain = fallen_text(code, "slot", 12, language)
    told = fallen_text(code, "slot", 12, language, _NUMBERS)
    assert "{" not in plain + told
    assert told.startswith(plain)
    assert (told != plain) == (code in MORE)


def test_as_much_is_said_as_is_known() -> None:
    before, after = {"before_day": "2027-07-09"}, {"after_day": "2027-09-01"}
    said = [
        fallen_text("school_day", "slot", 2, "zh", params) for params in ({}, before, after, before | after)
    ]
    assert said == [
        "2 个场次不在上课日",
        "2 个场次不在上课日（最后上课日2027-07-09）",
        "2 个场次不在上课日（2027-09-01起上课）",
        "2 个场次不在上课日（此前最后上课日2027-07-09，此后2027-09-01起上课）",
    ]
