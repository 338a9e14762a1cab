"""Codes of the ledger."""

from __future__ import annotations

from schemas.errors.message import Message

MESSAGES: dict[str, Message] = {
    "period_reversed": Message(422, "The last day lies before the first.", "结束日期不能早于开始日期。"),
    "export_too_large": Message(
        422,
        "There are more than {limit} rows; choose a shorter period or a smaller area.",
        "超过 {limit} 行，请缩短时间范围或缩小地区。",
    ),
}
