"""Every code that a caller may meet, merged from one module per owner; two owners never share a code."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from schemas.errors.message import Message

__all__ = ["MESSAGES", "DuplicateCode", "Message"]


class DuplicateCode(ValueError):
    """Two owners gave texts for one code."""


def _merged() -> dict[str, Message]:
    merged: dict[str, Message] = {}
    for module in sorted(info.name for info in iter_modules(__path__) if info.name != "message"):
        _merge(merged, import_module(f"{__name__}.{module}").MESSAGES, module)
    return merged


def _merge(merged: dict[str, Message], messages: dict[str, Message], owner: str) -> None:
    for code, message in messages.items():
        if code in merged:
            raise DuplicateCode(f"{code}, again in schemas/errors/{owner}.py")
        merged[code] = message


MESSAGES: dict[str, Message] = _merged()
