"""What was asked for is marked in what is shown, and nothing of a text becomes markup."""

from __future__ import annotations

from services.search import words
from services.search.highlights import excerpt, highlighted


def _runs(text: str) -> tuple[str, ...]:
    return tuple(words.runs(text))


def test_a_word_is_marked() -> None:
    assert highlighted("地质年代探秘", _runs("年代")) == "地质<em>年代</em>探秘"


def test_pinyin_and_initials_mark_what_they_spell() -> None:
    assert highlighted("赤峰博物馆", _runs("bowu")) == "赤峰<em>博物</em>馆"
    assert highlighted("赤峰博物馆", _runs("cf")) == "<em>赤峰</em>博物馆"


def test_a_long_question_marks_its_words() -> None:
    assert highlighted("地质公园与化石", _runs("化石地质公园")) == "<em>地质公园</em>与<em>化石</em>"


def test_what_is_not_there_is_not_marked() -> None:
    assert highlighted("赤峰博物馆", _runs("海洋")) is None
    assert highlighted(None, _runs("海洋")) is None


def test_markup_in_a_name_stays_text() -> None:
    marked = highlighted("<script>航天</script>", _runs("航天"))
    assert marked == "&lt;script&gt;<em>航天</em>&lt;/script&gt;"


def test_an_excerpt_shows_the_surroundings() -> None:
    text = "一" * 100 + "航天" + "二" * 100
    found = excerpt(text, _runs("航天"))
    assert found is not None
    assert found.startswith("…一")
    assert "<em>航天</em>" in found
    assert len(found) < 120
