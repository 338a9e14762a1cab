"""Why a resource falls away for a request, and why a match ended: stable codes with their texts.

`{count}` is the number of resources, `{kind}` their kind in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Reason(NamedTuple):
    """One code's text in both languages."""

    en: str
    zh: str

    def text(self, language: str, **params: object) -> str:
        """The text in `language` (zh unless en)."""
        return (self.en if language == "en" else self.zh).format(**params)


RESOURCES: Mapping[str, Reason] = {
    "slot": Reason("sessions", "个场次"),
    "unit": Reason("travelling units", "个流动科普设施"),
    "expert": Reason("experts", "位专家"),
}

_SPAN, _WAY = frozenset({"first_day", "last_day"}), frozenset({"limit_km", "nearest_km"})

FALLEN: Mapping[str, Reason] = {
    "topic": Reason("{count} {kind} are on other topics", "{count} {kind}主题不符"),
    "programme": Reason("{count} {kind} belong to other programmes", "{count} {kind}不属于所选活动"),
    "online": Reason(
        "{count} {kind} are online, for those who name the programme",
        "{count} {kind}为线上活动，须指明该活动",
    ),
    "audience": Reason("{count} {kind} are for another audience", "{count} {kind}面向其他对象"),
    "stage": Reason("{count} {kind} do not receive this stage of school", "{count} {kind}不接待本学段"),
    "grade": Reason("{count} {kind} are for other grades", "{count} {kind}不适合所报年级"),
    "group_too_small": Reason("the group is too small for {count} {kind}", "{count} {kind}要求人数更多"),
    "group_too_large": Reason("the group is too large for {count} {kind}", "{count} {kind}容不下这么多人"),
    "language": Reason("{count} {kind} are not in the required language", "{count} {kind}没有所要求的语言"),
    "round": Reason("{count} {kind} are kept for another round", "{count} {kind}留给其他集中申报期"),
    "distance": Reason("{count} {kind} are farther than the distance limit", "{count} {kind}超出距离上限"),
    "travel_limit": Reason("{count} {kind} do not travel that far", "{count} {kind}不到这么远的地方"),
    "excluded": Reason("{count} {kind} were tried before or declined", "{count} {kind}此前未能成行或被谢绝"),
    "window": Reason("{count} {kind} are outside the wished times", "{count} {kind}不在所报时间内"),
    "availability": Reason("{count} {kind} are not available then", "{count} {kind}在所报时间没有空"),
    "lead_time": Reason("{count} {kind} begin too soon", "{count} {kind}开始时间太近"),
    "calendar_not_loaded": Reason(
        "for {count} {kind} the school calendar of that year is not known yet",
        "{count} {kind}所在年份的校历尚未录入",
    ),
    "school_day": Reason("{count} {kind} fall on days without lessons", "{count} {kind}不在上课日"),
    "dwell": Reason("{count} {kind} stay longer than the wished times", "{count} {kind}驻留时间长于所报时间"),
    "cap_day": Reason("{count} {kind} have enough on that day", "{count} {kind}当日安排已满"),
    "cap_week": Reason("{count} {kind} have enough in that week", "{count} {kind}当周安排已满"),
    "cap_month": Reason("{count} {kind} have enough in that month", "{count} {kind}当月安排已满"),
    "busy": Reason("{count} {kind} are engaged then", "{count} {kind}当时另有安排"),
    "travel": Reason("{count} {kind} could not get there in time", "{count} {kind}来不及赶到"),
    "rest": Reason("{count} {kind} need a rest before they set out", "{count} {kind}两场之间须休息"),
    "daylight": Reason("{count} {kind} travel in daylight only", "{count} {kind}只在日出至日落之间出行"),
    "mileage": Reason(
        "{count} {kind} would drive more kilometres in that month than they may",
        "{count} {kind}当月里程预算不足",
    ),
    "groups_full": Reason("{count} {kind} take no further group", "{count} {kind}班级数已满"),
    "seats": Reason("{count} {kind} have too few seats left", "{count} {kind}余位不足"),
    "expert": Reason("for {count} {kind} no expert could be there", "{count} {kind}没有专家能够到场"),
    "nothing_to_join": Reason(
        "{count} {kind} would suit, but there is nothing that they could come to with the group",
        "{count} {kind}合适，但没有可以同行的场次或可以开展的展览",
    ),
    "class_busy": Reason(
        "during {count} {kind} the class has another appointment",
        "{count} {kind}的时间内本班另有安排",
    ),
    "entitlement_used": Reason(
        "for {count} {kind} the school has had what it may have in that term",
        "{count} {kind}所在学期本校的名额已用完",
    ),
    "no_room": Reason("for {count} {kind} no room is free", "{count} {kind}没有空余的活动室"),
    "no_guide": Reason("for {count} {kind} no guide is free", "{count} {kind}没有空余的讲解员"),
    "no_kit": Reason("for {count} {kind} no kit is free", "{count} {kind}没有空余的器材"),
    "no_coach": Reason("for {count} {kind} no coach is free", "{count} {kind}没有空余的车辆"),
    "contest": Reason(
        "{count} {kind} were possible, but went to others, by which more is reached overall",
        "{count} {kind}可行，但分给了其他申请，这样总体受益更大",
    ),
    "displaced_by_hand": Reason(
        "{count} {kind} went to another request, by the decision of a coordinator",
        "{count} {kind}由协调员改给了其他申请",
    ),
    "kept_for_round": Reason(
        "{count} {kind} were possible, but a round that is still being settled needs them more",
        "{count} {kind}可行，但正在办理的集中申报期更需要",
    ),
    "nothing_offered": Reason("nothing of this kind is offered", "目前没有此类资源"),
}

#: What follows a reason of a code where its numbers are known: the first of which all names are there.
MORE: Mapping[str, Sequence[tuple[frozenset[str], Reason]]] = {
    "topic": [(frozenset({"on_topic"}), Reason("; none are on the wished one", "，所选主题目前没有资源"))],
    "distance": [
        (
            _WAY,
            Reason(
                " of {limit_km} km (the nearest is {nearest_km} km away)",
                "（上限{limit_km}公里，最近的也有{nearest_km}公里）",
            ),
        )
    ],
    "travel_limit": [
        (
            _WAY,
            Reason(
                " (one of them goes {limit_km} km, and the way is {nearest_km} km)",
                "（相差最少的：最远{limit_km}公里，路程{nearest_km}公里）",
            ),
        )
    ],
    "window": [
        (_SPAN, Reason(" (they are from {first_day} to {last_day})", "（在{first_day}至{last_day}之间）"))
    ],
    "availability": [
        (_SPAN, Reason(" (but from {first_day} to {last_day})", "（空闲时间在{first_day}至{last_day}之间）"))
    ],
    "school_day": [
        (
            frozenset({"before_day", "after_day"}),
            Reason(
                " (the last lessons are on {before_day}, the next on {after_day})",
                "（此前最后上课日{before_day}，此后{after_day}起上课）",
            ),
        ),
        (
            frozenset({"before_day"}),
            Reason(" (the last lessons are on {before_day})", "（最后上课日{before_day}）"),
        ),
        (frozenset({"after_day"}), Reason(" (lessons begin on {after_day})", "（{after_day}起上课）")),
    ],
}

ENDED: Mapping[str, Reason] = {
    "party_declined": Reason("One of the parties declined.", "有一方谢绝了安排。"),
    "offer_expired": Reason("Not everybody answered in time.", "确认期限内未得到全部答复。"),
    "party_cancelled": Reason("One of the parties cancelled.", "有一方取消了安排。"),
    "request_withdrawn": Reason("The school withdrew its request.", "学校撤回了申请。"),
    "request_changed": Reason("The school changed its request.", "学校修改了申请。"),
    "slot_cancelled": Reason("The session was cancelled.", "场次已取消。"),
    "slot_moved": Reason("The session was moved to another time.", "场次时间已变更。"),
    "venue_closed": Reason("The venue is closed then.", "场馆届时闭馆。"),
    "expert_paused": Reason("The expert is not available at present.", "专家暂停接受安排。"),
    "expert_unavailable": Reason("The expert has no time then any more.", "专家届时不再有空。"),
    "unit_paused": Reason("The travelling unit is not available at present.", "流动设施暂停接受安排。"),
    "hold_lost": Reason("What was set aside has run out.", "暂留的名额已失效。"),
    "company_broken": Reason(
        "Too few of those who were to come together are left.", "同场的小组有人退出，已不足成行人数。"
    ),
    "moved_by_hand": Reason("The coordinator chose otherwise.", "协调员作了调整。"),
    "dropped_by_hand": Reason("The coordinator took it back.", "协调员撤销了手工安排。"),
    "displaced_by_hand": Reason(
        "The coordinator gave the place to another request.", "协调员将名额改给了其他申请。"
    ),
    "offer_moved": Reason(
        "The coordinator has found another place; its offer follows.", "协调员另作安排，新的邀约随后发出。"
    ),
    "move_too_late": Reason(
        "The offer that it was to replace was answered by all, or over, before.",
        "原邀约此前已全部答复或已结束。",
    ),
    "solved_again": Reason("The round was solved again.", "集中申报期已重新求解。"),
}


REARRANGED: Mapping[str, Reason] = {
    "made_room_for": Reason(
        "It makes room for another request, and is served another way that is as good as can be.",
        "为其他申请腾出名额，本申请已另作安排。",
    ),
}


# Before it, why the former place fell away.
REPLACED = Reason("{why} This place was found instead.", "{why}现已另行安排。")


def rearranged_text(code: str, language: str) -> str:
    """Why a request is served another way than it was to be; where its place fell away, why that ended."""
    reason = REARRANGED.get(code)
    if reason:
        return reason.text(language)
    return REPLACED.text(language, why=ended_text(code, language))


def fallen_text(
    code: str, resource_kind: str, count: int, language: str, params: Mapping[str, object] | None = None
) -> str:
    """Why resources of a kind fell away, with the numbers; an unknown code stands for itself."""
    reason = FALLEN.get(code)
    kind = RESOURCES.get(resource_kind)
    words = kind.text(language) if kind else resource_kind
    if reason is None:
        return code
    return reason.text(language, count=count, kind=words) + _more(code, params or {}, language)


def _more(code: str, params: Mapping[str, object], language: str) -> str:
    told = (more for names, more in MORE.get(code, ()) if names <= params.keys())
    more = next(told, None)
    return more.text(language, **params) if more else ""


def ended_text(code: str, language: str) -> str:
    """Why a match ended; an owner's refusal (texts in `schemas/errors/`) stands for itself."""
    reason = ENDED.get(code)
    return reason.text(language) if reason else code
