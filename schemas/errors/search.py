"""Codes of search."""

from __future__ import annotations

from schemas.errors.message import Message

MESSAGES: dict[str, Message] = {
    "search_unavailable": Message(
        503,
        "Search does not answer at the moment; requests and bookings go on as usual.",
        "搜索暂不可用，请稍后再试；申请和预约不受影响。",
    ),
    "search_catching_up": Message(
        503,
        "Search is catching up and finds everything again in a while; requests and bookings go on.",
        "搜索正在重建索引，稍后即可恢复；申请和预约不受影响。",
    ),
    "search_point_required": Message(
        422, "Say from where the distance is meant (lat and lon).", "按距离查找时须给出位置（lat 与 lon）。"
    ),
}
