"""Marks in a text what was asked for: Han characters, Latin words, and what a typed reading sounds like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape

from services.search import words

Span = tuple[int, int]
_LEAST_PART, _CONTEXT = 2, 40


@lru_cache(maxsize=4096)
def highlighted(text: str | None, runs: tuple[str, ...]) -> str | None:
    """The text as HTML with what was met in `<em>`, all else escaped; None where nothing is met."""
    if not text:
        return None
    spans = _merged(span for run in runs for span in _spans(text, run))
    return _marked(text, spans) if spans else None


@lru_cache(maxsize=4096)
def excerpt(text: str | None, runs: tuple[str, ...]) -> str | None:
    """As `highlighted`, cut to the surroundings of what is met first."""
    if not text:
        return None
    spans = _merged(span for run in runs for span in _spans(text, run))
    if not spans:
        return None
    start, end = max(0, spans[0][0] - _CONTEXT), min(len(text), spans[0][1] + _CONTEXT)
    inside = [(max(a, start) - start, min(b, end) - start) for a, b in spans if a < end and b > start]
    before, after = ("…" if start else ""), ("…" if end < len(text) else "")
    return before + _marked(text[start:end], inside) + after


def _spans(text: str, run: str) -> list[Span]:
    lowered = words.plain(text).lower()
    whole = _found(lowered, run)
    if whole:
        return whole
    if words.is_han(run):
        parts = [word for word in words.words(run) if len(word) >= _LEAST_PART]
        return [span for part in parts for span in _found(lowered, part)]
    return words.heard(text, words.typed(run))


def _found(text: str, part: str) -> list[Span]:
    spans: list[Span] = []
    at = text.find(part)
    while at >= 0:
        spans.append((at, at + len(part)))
        at = text.find(part, at + len(part))
    return spans


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _marked(text: str, spans: Sequence[Span]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [escape(text[at:start]), "<em>", escape(text[start:end]), "</em>"]
        at = end
    return "".join([*pieces, escape(text[at:])])
