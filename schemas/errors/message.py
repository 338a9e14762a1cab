"""What one refusal code says: its HTTP status and its text in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Message(NamedTuple):
    """`en` and `zh` are `str.format` templates over the refusal's params."""

    status: int
    en: str
    zh: str

    def text(self, language: str, params: Mapping[str, object]) -> str:
        """The text in `language` (zh unless en); a missing param leaves its placeholder standing."""
        template = self.en if language == "en" else self.zh
        return template.format_map(_Standing(params))


class _Standing(dict[str, object]):
    """Params that answer an unknown placeholder with itself: a poor text is better than a second error."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
