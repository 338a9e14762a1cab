"""Codes of experts: why an expert's time is not to be had, and what is wrong with a profile."""

from __future__ import annotations

from schemas.errors.message import Message

MESSAGES: dict[str, Message] = {
    "expert_unknown": Message(404, "There is no such expert.", "没有此专家。"),
    "expert_paused": Message(409, "The expert takes no new engagements now.", "该专家暂停接受新的行程。"),
    "expert_unavailable": Message(409, "The expert is not available then.", "该专家此时没有空闲时间。"),
    "expert_busy": Message(409, "The expert is engaged at that time.", "该专家此时已有行程安排。"),
    "expert_travel": Message(
        409,
        "The way takes {needed_minutes} minutes, {between_minutes} are between.",
        "路程需 {needed_minutes} 分钟，间隔只有 {between_minutes} 分钟。",
    ),
    "expert_rest": Message(
        409,
        "The expert rests {rest_minutes} minutes after an engagement; the way leaves {left_minutes}.",
        "专家两场之间须休息 {rest_minutes} 分钟，除路程外只剩 {left_minutes} 分钟。",
    ),
    "expert_daylight": Message(
        409,
        "The expert travels in daylight only ({rises} to {sets}); the way is from {leaves} to {back}.",
        "专家只在日出 {rises} 至日落 {sets} 之间出行，此行程须 {leaves} 出发、{back} 返回。",
    ),
    "expert_too_far": Message(
        409,
        "It is {km} km from the expert's home; the limit is {limit_km} km.",
        "距专家住地 {km} 公里，超过上限 {limit_km} 公里。",
    ),
    "expert_cap_day": Message(409, "The expert has {cap} engagements that day.", "当日已有 {cap} 场。"),
    "expert_cap_week": Message(409, "The expert has {cap} engagements that week.", "当周已有 {cap} 场。"),
    "expert_cap_month": Message(409, "The expert has {cap} engagements that month.", "当月已有 {cap} 场。"),
    "availability_overlaps": Message(
        422,
        "The window from {starts_at} overlaps another or is empty.",
        "{starts_at} 起的时段重叠或无效。",
    ),
    "user_is_expert": Message(409, "This user is an expert already.", "该用户已是专家。"),
}
