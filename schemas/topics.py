"""The topic tree: one list for whoever offers, asks, matches or searches; served by catalog."""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """One node; `parent` is the code of the one above it."""

    code: str
    parent: str | None
    zh: str
    en: str


_TREE = (
    Topic("natural_science", None, "自然科学", "Natural science"),
    Topic("physics", "natural_science", "物理", "Physics"),
    Topic("chemistry", "natural_science", "化学", "Chemistry"),
    Topic("mathematics", "natural_science", "数学", "Mathematics"),
    Topic("life_science", "natural_science", "生命科学", "Life science"),
    Topic("earth", "natural_science", "地球", "Earth"),
    Topic("geology", "earth", "地质", "Geology"),
    Topic("weather", "earth", "气象", "Weather"),
    Topic("ocean", "earth", "海洋", "Ocean"),
    Topic("space", None, "宇宙与航天", "Space"),
    Topic("aerospace", "space", "航天", "Aerospace"),
    Topic("astronomy", "space", "天文", "Astronomy"),
    Topic("technology", None, "技术与工程", "Technology and engineering"),
    Topic("ai", "technology", "人工智能", "Artificial intelligence"),
    Topic("robotics", "technology", "机器人", "Robotics"),
    Topic("programming", "technology", "编程", "Programming"),
    Topic("energy", "technology", "能源", "Energy"),
    Topic("materials", "technology", "材料", "Materials"),
    Topic("communication", "technology", "信息通信", "Information and communication"),
    Topic("transport", "technology", "交通", "Transport"),
    Topic("environment", None, "生态环境", "Environment"),
    Topic("carbon", "environment", "双碳", "Carbon and climate"),
    Topic("grassland", "environment", "草原与沙地", "Grassland and sands"),
    Topic("water", "environment", "水资源", "Water"),
    Topic("agriculture", None, "农业", "Agriculture"),
    Topic("food", "agriculture", "食品", "Food"),
    Topic("health", None, "卫生健康", "Health"),
    Topic("mental_health", "health", "心理健康", "Mental health"),
    Topic("eyesight", "health", "近视防控", "Eyesight"),
    Topic("safety", None, "安全", "Safety"),
    Topic("self_protection", "safety", "自我保护", "Self-protection"),
    Topic("emergency", "safety", "应急避险", "Emergencies"),
    Topic("fire", "safety", "消防", "Fire"),
    Topic("first_aid", "safety", "急救", "First aid"),
    Topic("culture", None, "科学与文化", "Science and culture"),
    Topic("archaeology", "culture", "考古历史", "Archaeology and history"),
    Topic("scientists_spirit", "culture", "科学家精神", "The spirit of scientists"),
    Topic("crafts", "culture", "传统工艺", "Traditional crafts"),
)

#: Topics by code, parents before children.
TOPICS: dict[str, Topic] = {topic.code: topic for topic in _TREE}
