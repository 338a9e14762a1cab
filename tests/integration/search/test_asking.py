"""What people type and choose, and what they find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from schemas.http.search import HITS
from services.search import usecases
from services.search.domain import CursorInvalid, PointRequired
from services.search.storage import Engine
from tests.builders import facts
from tests.integration.search.conftest import ASKED, World

TITLE = "地质年代探秘"


@pytest.mark.parametrize(
    "typed",
    [
        "地质年代探秘",
        "年代",
        "质年",  # a part of a word
        "化石",  # from the summary
        "世界地质公园",  # the venue
        "赤峰",  # the city
        "chifeng",
        "cf",
        "克什克腾",
        "keshiketeng",
        "ksktq",
        "克旗",  # what people call it
        "kq",
        "dizhi",
        "bowuguan",
        "dznd",
        "地质 赤峰",
        "chifeng地质",
        "克什克腾地质公园参观",  # words, not a phrase
        "地质年贷探秘",  # a slip in one character
        "赤锋",  # sounds the same
        "chifng",  # a slip in pinyin
        "keshiketang",
        "ＤＩＺＨＩ",  # full width
        "DiZhi",
        "参观",
    ],
)
def test_it_is_found_by(world: World, typed: str) -> None:
    assert world.titles(q=typed) == [TITLE]


@pytest.mark.parametrize("typed", ["海洋", "haiyang", "zz", "地质 海洋", "天安门广场"])
def test_it_is_not_found_by(world: World, typed: str) -> None:
    assert world.titles(q=typed) == []


def test_a_title_counts_more_than_a_summary(world: World) -> None:
    other = facts.programme("机器人入门", world.organisation["id"], world.venue["id"], summary="也讲地质年代")
    world.tell("programme", other)
    world.tell("slot", facts.slot(other, facts.NOW + timedelta(days=2)))
    assert world.titles(q="地质年代") == [TITLE, "机器人入门"]


def test_topics_are_found_by_name_and_by_the_topic_above(world: World) -> None:
    world.tell("programme", {**world.programme, "topics": ["geology"]}, version=2)
    assert world.titles(topic=["geology"]) == [TITLE]
    assert world.titles(topic=["natural_science"]) == [TITLE]
    assert world.titles(topic=["ocean"]) == []
    assert world.titles(q="自然科学") == [TITLE]


@pytest.mark.parametrize(
    ("chosen", "other"),
    [
        ({"kind": ["visit"]}, {"kind": ["lecture"]}),
        ({"grade": [5]}, {"grade": [9]}),
        ({"concept": [10]}, {"concept": [1]}),
        ({"mode": ["inquiry"]}, {"mode": ["making"]}),
        ({"audience": ["pupils"]}, {"audience": ["parents"]}),
        ({"language": ["zh"]}, {"language": ["mn"]}),
        ({"place": ["on_site"]}, {"place": ["online"]}),
        ({"level": ["national", "city"]}, {"level": ["district"]}),
        ({"district": ["150425"]}, {"district": ["150402"]}),
        ({"district": ["150400"]}, {"district": ["150424"]}),
        ({"seats": 60}, {"seats": 61}),
        ({"seats": 5}, {"seats": 4}),
        ({"lat": 42.3, "lon": 119.0, "within_km": 10.0}, {"lat": 43.3, "lon": 119.0, "within_km": 10.0}),
    ],
    ids=str,
)
def test_a_choice_keeps_what_suits(world: World, chosen: dict[str, Any], other: dict[str, Any]) -> None:
    known = {"core_concepts": [10, 11], "activity_modes": ["inquiry"]}
    world.tell("programme", {**world.programme, **known}, version=2)
    assert world.titles(**chosen) == [TITLE]
    assert world.titles(**other) == []


def test_days_are_days_of_shanghai_and_both_included(world: World) -> None:
    day = (facts.NOW + timedelta(days=20)).date()
    # 07:30 on that day in Shanghai is still the day before in UTC.
    early = facts.NOW.replace(hour=23, minute=30) + timedelta(days=19)
    world.tell("slot", facts.slot(world.programme, early))
    assert len(world.titles(first_day=day, last_day=day)) == 1
    assert world.titles(last_day=day - timedelta(days=7)) == []


def test_only_what_can_be_booked_is_found_unless_asked_otherwise(world: World) -> None:
    for change in ({"free": 0, "taken": 60}, {"state": "closed", "free": 0}):
        world.tell("slot", {**facts.slot(world.programme), **change})
    world.tell("slot", facts.slot(world.programme, facts.NOW - timedelta(days=1)))
    assert world.find()["total"] == 1
    assert world.find(bookable=False)["total"] == 4


def test_slots_kept_for_another_round_are_left_out(world: World) -> None:
    mine, other = facts.some_id(), facts.some_id()
    world.tell("slot", facts.slot(world.programme, round_id=mine))
    world.tell("slot", facts.slot(world.programme, round_id=other))
    assert world.find()["total"] == 3
    assert {item["round_id"] for item in world.find(round_id=mine)["items"]} == {None, mine}


def test_programmes_are_found_that_have_a_slot_or_need_none(world: World) -> None:
    owner = world.organisation["id"]
    world.tell("programme", facts.programme("没有场次", owner, world.venue["id"]))
    world.tell("programme", facts.programme("送课到校", owner, place="at_school"))
    assert sorted(world.titles(type="programmes")) == sorted([TITLE, "送课到校"])
    assert len(world.titles(type="programmes", bookable=False)) == 3
    assert world.titles(type="programmes", seats=61) == []


def test_facets_count_without_their_own_choice(world: World) -> None:
    lecture = facts.programme("星空讲座", world.organisation["id"], world.venue["id"], kind="lecture")
    world.tell("programme", lecture)
    world.tell("slot", facts.slot(lecture))
    found = world.find(facets=True, kind=["lecture"])
    assert found["total"] == 1
    assert {value["value"]: value["count"] for value in found["facets"]["kind"]} == {"visit": 1, "lecture": 1}
    assert found["facets"]["district"] == [{"value": "150425", "count": 1}]
    assert found["facets"]["day"] == [{"value": "2026-12-08", "count": 1}]


def test_pages_follow_each_other_without_gap_or_repetition(world: World) -> None:
    for number in range(25):
        world.tell("slot", facts.slot(world.programme, facts.NOW + timedelta(days=3 + number % 5)))
    for sort in ("relevance", "date"):
        seen, cursor = [], None
        while True:
            found = world.find(q="地质", sort=sort, limit=7, cursor=cursor)
            seen += [item["id"] for item in found["items"]]
            cursor = found["next_keys"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == found["total"] == 26


def test_a_cursor_of_another_query_is_refused(world: World) -> None:
    world.tell("slot", facts.slot(world.programme))
    keys = world.find(limit=1)["next_keys"]
    with pytest.raises(CursorInvalid):
        world.find(limit=1, q="地质", cursor=keys)


def test_the_nearest_comes_first(world: World) -> None:
    near = facts.venue("近处的馆", world.organisation["id"], lat=42.0, lon=118.0)
    world.tell("venue", near)
    found = world.find(type="venues", sort="distance", lat=42.01, lon=118.0)
    assert [item["title"] for item in found["items"]] == ["近处的馆", "克什克腾世界地质公园博物馆"]
    assert found["items"][0]["distance_km"] == pytest.approx(1.4, abs=0.1)


def test_a_known_road_brings_what_is_at_its_other_end_within_the_limit(world: World) -> None:
    """From 林东 to 大板 they are 85 km, and would be 91.6 by the formula."""
    world.tell("venue", facts.venue("大板的馆", world.organisation["id"], lat=43.534414, lon=118.66518))
    asked = {"type": "venues", "q": "大板的馆", "lat": 43.960889, "lon": 119.362931}
    (item,) = world.find(within_km=86, **asked)["items"]
    assert item["distance_km"] == 85.0
    assert world.find(within_km=84, **asked)["items"] == []


def test_distance_needs_a_place(world: World) -> None:
    with pytest.raises(PointRequired):
        world.find(sort="distance")


def test_an_experts_home_is_nobodys_business(world: World) -> None:
    world.tell("district", facts.district("150402", "红山区", lat=42.2, lon=118.9))
    world.tell("expert", facts.expert("单立群", world.organisation["id"], lat=42.345678, lon=119.123456))
    found = world.find(type="experts", q="shanliqun", sort="distance", lat=42.2, lon=118.9)
    (item,) = found["items"]
    assert item["distance_km"] == 0.0
    assert "42.345678" not in str(found)
    assert not {"lat", "lon", "availability", "user_id"} & item.keys()


def test_highlights_show_what_was_met(world: World) -> None:
    (item,) = world.find(q="年代")["items"]
    assert item["highlights"] == {"title": "地质<em>年代</em>探秘"}
    (item,) = world.find(q="keshiketeng")["items"]
    assert item["highlights"]["district_name"] == "<em>克什克腾</em>旗"


def test_hits_have_the_published_shape(world: World) -> None:
    world.tell("expert", facts.expert("李雷", world.organisation["id"]))
    for type_ in ("slots", "programmes", "venues", "experts"):
        (item,) = world.find(type=type_)["items"]
        assert HITS[item["type"]]().validate(item) == {}


def test_suggestions_are_names_that_hold_what_was_typed(new_world: Callable[[], World]) -> None:
    world = new_world()
    world.programme["title"] = f"恐龙谷{world.programme['id'][-4:]}"
    world.tell_all()
    world.find()
    found = usecases.suggest(world.engine, world.programme["title"], 5)
    assert {"type": "programme", "id": world.programme["id"], "text": world.programme["title"]} in found
    assert {"type": "topic", "id": "robotics", "text": "机器人"} in usecases.suggest(world.engine, "jiqi", 8)
    assert usecases.suggest(world.engine, "…", 8) == []


@pytest.mark.parametrize(
    ("typed", "name"),
    [("赤峰", "赤峰市"), ("峰市", "赤峰市"), ("克什克", "克什克腾旗"), ("克旗", "克什克腾旗"),
     ("chif", "赤峰市"), ("cfs", "赤峰市"), ("kskt", "克什克腾旗"), ("keshiketeng", "克什克腾旗")],
)  # fmt: skip
def test_suggestions_know_districts_by_part_alias_sound_and_initials(
    world: World, typed: str, name: str
) -> None:
    suggested = usecases.suggest(world.engine, typed, 20)
    assert name in [each["text"] for each in suggested if each["type"] == "district"]


def test_townships_are_not_suggested(engine: Engine) -> None:
    told = facts.told("district", facts.district("150425100000", "经棚镇"))
    usecases.take_in(engine, [told])
    assert [each for each in usecases.suggest(engine, "经棚", 20) if each["type"] == "district"] == []


def test_hostile_questions_are_questions(world: World) -> None:
    for typed in ('"', "*", "地质*", "title:地质", "\\", "a" * 100, "地" * 100, "' or 1=1", "🦖", "\u200b"):
        usecases.find(world.engine, {**ASKED, "q": typed}, facts.NOW)
