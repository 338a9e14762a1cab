"""Every kind of notice has its words in both languages, and they say what matters."""

from __future__ import annotations

import pytest

from schemas.http.notices import MAILED_KINDS
from services.chassis.ids import new_id
from services.notices import domain, texts
from services.notices.mail import Letter, Postbox

PARAMS = {
    "title": "红山文化",
    "school_name": "桥北小学",
    "group_size": 40,
    "when": {"starts_at": "2026-12-08T02:00:00Z", "ends_at": "2026-12-08T04:00:00Z"},
    "place": "赤峰博物馆",
    "deadline": "2026-11-26T02:00:00Z",
    "name": "春季集中申报",
    "closes_at": "2026-12-01T16:00:00Z",
    "reasons": [{"resource_kind": "slot", "code": "distance", "count": 12}],
    "reason": None,
    "reason_code": "party_declined",
    "company": {"id": "c", "groups": 2, "people": 23, "least": 20},
}


@pytest.mark.parametrize("language", ["zh", "en", "mn"])
@pytest.mark.parametrize("kind", domain.KINDS)
def test_a_kind_has_its_words(kind: str, language: str) -> None:
    text = texts.rendered(kind, PARAMS, language)
    assert text.title
    assert "—" not in text.title + text.body
    assert "{" not in text.title + text.body


def test_the_contract_names_the_kinds_that_are_mailed() -> None:
    assert set(MAILED_KINDS) == set(domain.MAILED_KINDS)


def test_times_are_those_of_shanghai() -> None:
    text = texts.rendered("offer_awaits_answer", PARAMS, "zh")
    assert "2026-12-08 10:00–12:00" in text.body
    assert "2026-11-26 10:00" in text.body


def test_a_reason_in_words_comes_before_its_code() -> None:
    assert "停电" in texts.rendered("match_cancelled", {**PARAMS, "reason": "停电"}, "zh").body
    assert "谢绝" in texts.rendered("match_cancelled", PARAMS, "zh").body
    silent = {**PARAMS, "reason_code": None}
    assert "未说明" in texts.rendered("match_cancelled", silent, "zh").body


def test_why_nothing_was_found_is_said_in_words() -> None:
    assert "12 个场次超出距离上限" in texts.rendered("request_unserved", PARAMS, "zh").body
    params = {"limit_km": 60, "nearest_km": 84}
    told = {
        **PARAMS,
        "reasons": [{"resource_kind": "slot", "code": "distance", "count": 12, "params": params}],
    }
    said = texts.rendered("request_unserved", told, "zh").body
    assert "12 个场次超出距离上限（上限60公里，最近的也有84公里）" in said


def test_how_many_come_together_is_said_where_they_do() -> None:
    assert "2 个小组同场，共 23 人" in texts.rendered("match_confirmed", PARAMS, "zh").body
    alone = texts.rendered("match_confirmed", {**PARAMS, "company": None}, "zh")
    assert alone.body.endswith("人数：40")
    few = {**PARAMS, "company": {"id": "c", "groups": 1, "people": 14, "least": 20}}
    assert "14 people come" in texts.rendered("company_below_least", few, "en").body


def test_text_in_a_name_is_no_template() -> None:
    text = texts.rendered("match_confirmed", {**PARAMS, "title": "{school_name.__class__}"}, "zh")
    assert "{school_name.__class__}" in text.title


def test_a_letter_cannot_carry_a_second_header() -> None:
    postbox = Postbox("127.0.0.1:25", "KeQiao <notices@example.org>", "http://example.org")
    letter = Letter(
        id=new_id(),
        name="王芳\r\nBcc: x@example.org",
        address="w@example.org",
        language="zh",
        subject="题目\r\nBcc: y@example.org",
        body=".\n正文",
        path="/matches/1",
    )
    head = postbox.written(letter).split(b"\r\n\r\n")[0]
    assert not any(line.lower().startswith(b"bcc") for line in head.split(b"\r\n"))
    assert f"<{letter.id}@example.org>".encode() in head
