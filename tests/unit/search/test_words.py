"""Words, readings and initials of Chinese names."""

from __future__ import annotations

import pytest

from services.search import words


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("克什克腾旗", "keshiketengqi"),
        ("阿什罕苏木", "ashihansumu"),
        ("长胜镇", "changshengzhen"),
        ("喀喇沁旗", "kalaqinqi"),
        ("阿鲁科尔沁旗", "alukeerqinqi"),
        ("翁牛特旗", "wengniuteqi"),
        ("朝阳沟", "chaoyanggou"),
        ("行星与恒星", "xingxingyuhengxing"),
        ("重力加速度", "zhonglijiasudu"),
    ],
)
def test_names_are_read_as_they_are_here(name: str, reading: str) -> None:
    assert reading in words.keys(name).pinyin


def test_any_part_of_a_name_is_the_beginning_of_a_key() -> None:
    keys = words.keys("赤峰市科技馆")
    for typed in ("chifeng", "fengshi", "kejiguan", "guan"):
        assert any(key.startswith(typed) for key in keys.pinyin)
    for typed in ("cf", "cfs", "kjg"):
        assert any(key.startswith(typed) for key in keys.initials)


def test_a_name_with_two_readings_is_found_by_both() -> None:
    pinyin = words.keys("大夫营子").pinyin
    assert {"daifuyingzi", "dafuyingzi"} <= set(pinyin)


def test_a_surname_is_read_as_a_surname_only_in_people() -> None:
    assert "shanliqun" in words.keys("单立群", person=True).pinyin
    assert "danliqun" in words.keys("单立群", person=True).pinyin
    assert "shanliqun" not in words.keys("单立群").pinyin


def test_local_names_stay_whole_words() -> None:
    assert "克什克腾" in words.words("克什克腾世界地质公园")
    assert "巴林左旗" in words.words("巴林左旗博物馆")


def test_short_names_of_banners_are_known() -> None:
    assert words.aliases("克什克腾旗") == ["克旗"]
    assert words.aliases("红山区") == []


def test_what_is_typed_falls_into_runs_of_one_script() -> None:
    assert words.runs("chifeng博物馆 ＡＩ") == ["chifeng", "博物馆", "ai"]
    assert words.runs("  …，。 ") == []


def test_u_with_dots_is_typed_as_v() -> None:
    assert words.typed("lüshi") == "lvshi"
    assert any(key.startswith("lvshi") for key in words.keys("吕氏").pinyin)


def test_what_was_typed_is_heard_in_a_text() -> None:
    assert words.heard("去赤峰博物馆", "bowuguan") == [(3, 6)]
    assert words.heard("去赤峰博物馆", "cf") == [(1, 3)]
    assert words.heard("去赤峰博物馆", "beijing") == []
