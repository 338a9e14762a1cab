"""What a question of what if changes, and what an addition is worth, in words."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.reasons import Reason

CHANGES: Mapping[str, Reason] = {
    "demand": Reason("{factor} times as many requests from {area}", "{area}的申请量变为{factor}倍"),
    "closed": Reason("“{title}” closed, {days}", "“{title}”{days}关闭"),
    "fairness": Reason("{percent} % of fairness wanted", "均衡程度设为{percent}%"),
    "more_sessions": Reason("{number} more of “{title}”, {days}", "“{title}”{days}增加{number}场"),
    "more_experts": Reason(
        "{number} more on “{topic}” in {area}, {days}, at most {cap_week} times a week each",
        "{area}{days}增加{number}位“{topic}”主题的专家，每人每周至多{cap_week}次",
    ),
    "more_unit_days": Reason(
        "“{title}” on the road {number} more times, {days}", "“{title}”{days}增加{number}次行程"
    ),
}

# When: on a day, in a week, from one day to another, or at any time.
ON = Reason("on {day}", "在{day}")
IN_THE_WEEK = Reason("in the week of {day}", "在{day}当周")
FROM_TO = Reason("from {first_day} to {last_day}", "自{first_day}至{last_day}")
FROM = Reason("from {first_day} on", "自{first_day}起")
UNTIL = Reason("until {last_day}", "至{last_day}")
ALWAYS = Reason("all the time", "全程")
ON_THE_BEST_DAYS = Reason("on the days that are best by prices", "在按价格最有利的日期")
ON_ALL_DAYS = Reason("free on all school days", "在全部上课日")
EVERYWHERE = Reason("everywhere", "全部地区")

AT_ONCE = Reason(
    "by prices, at once: one on {day} is worth about {points} points to those who go without",
    "按价格即时估算：在{day}增加一次，对未满足的申请约值{points}分",
)
NOTHING_AT_ONCE = Reason(
    "by prices, at once: nobody who goes without would gain by it",
    "按价格即时估算：未满足的申请都不会因此受益",
)
SOLVED = Reason(
    "by solving again, one on {day}: {wishes} more requests served, {people} more people, {solved} points"
    " (by prices {worth})",
    "重新求解：在{day}增加一次，多满足{wishes}项申请、{people}人，共{solved}分（按价格{worth}分）",
)
