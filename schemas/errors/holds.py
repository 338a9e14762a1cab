"""Codes that every owner of scarce things answers hold commands with; they travel over RPC as outcomes."""

from __future__ import annotations

from schemas.errors.message import Message

MESSAGES: dict[str, Message] = {
    "hold_conflict": Message(409, "This hold id was used for something else.", "该暂留编号已用于其他内容。"),
    "hold_released": Message(409, "The hold was given back.", "名额暂留已释放。"),
    "hold_expired": Message(409, "The hold has run out.", "名额暂留已过期。"),
    "hold_unknown": Message(404, "Nothing is held under this id.", "没有此名额暂留。"),
    "hold_period_invalid": Message(422, "The time ends before it starts.", "结束时间早于开始时间。"),
    "hold_period_past": Message(422, "The time is past.", "时间已过。"),
    "hold_place_required": Message(422, "Say where it is to take place.", "请注明地点。"),
    "hold_not_here": Message(
        422,
        "Resources of the kind {resource_kind} are kept elsewhere.",
        "{resource_kind} 类不由此处管理。",
    ),
}
