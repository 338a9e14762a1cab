"""Notices in words: templates in two languages, filled with what the subject says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from schemas import reasons

_TEMPLATES = Path(__file__).parent / "templates"
_SHANGHAI = timezone(timedelta(hours=8))
_NO_REASON = {"zh": "未说明", "en": "none given"}
_AT_SCHOOL = {"zh": "本校", "en": "at the school"}
_IN_GROUPS = {"zh": "（分{number}组：{sizes}）", "en": " (in {number} groups: {sizes})"}
_MOST_REASONS = 3
_TOGETHER = {
    "zh": "（{groups} 个小组同场，共 {people} 人）",
    "en": " ({groups} small groups come together, {people} people in all)",
}


class Text(NamedTuple):
    """A notice as somebody reads it."""

    title: str
    body: str


def language(wanted: str | None) -> str:
    """The language that we have: Chinese unless English is wanted."""
    return "en" if wanted == "en" else "zh"


def rendered(kind: str, params: Mapping[str, Any], wanted: str | None) -> Text:
    """The notice in the wanted language; a param that is missing shows as a dash."""
    lang = language(wanted)
    values = _Values({name: _readable(name, value, lang) for name, value in params.items()})
    values["reason"] = _reason(params, lang)
    values |= _company(params.get("company"), lang)
    if len(parts := params.get("parts") or ()) > 1:
        values["group_size"] += _IN_GROUPS[lang].format(number=len(parts), sizes=" + ".join(map(str, parts)))
    title, body = _template(kind, lang)
    return Text(title.format_map(values), body.format_map(values))


def _reason(params: Mapping[str, Any], lang: str) -> str:
    """What a person said, else what the code says."""
    code = params.get("reason_code")
    return str(params.get("reason") or (reasons.ended_text(code, lang) if code else _NO_REASON[lang]))


def _company(company: Mapping[str, Any] | None, lang: str) -> dict[str, str]:
    """How many come together, without saying who they are; nothing where one group comes alone."""
    if not company:
        return {"together": ""}
    said = _TOGETHER[lang].format_map(company) if company["groups"] > 1 else ""
    return {"together": said, "people": str(company["people"]), "least": str(company["least"])}


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"


@cache
def _template(kind: str, lang: str) -> tuple[str, str]:
    title, _, body = (_TEMPLATES / f"{kind}.{lang}.txt").read_text("utf-8").partition("\n\n")
    return title.strip(), body.strip()


def _readable(name: str, value: Any, lang: str) -> str:
    if name == "when" and value:
        return _span(value["starts_at"], value["ends_at"])
    if name in ("deadline", "closes_at") and value:
        return f"{_local(value):%Y-%m-%d %H:%M}"
    if name == "reasons":
        return _reasons(value or [], lang)
    if name == "place":
        return str(value) if value else _AT_SCHOOL[lang]
    return "" if value is None else str(value)


def _span(start: str, end: str) -> str:
    begins, ends = _local(start), _local(end)
    same_day = begins.date() == ends.date()
    return f"{begins:%Y-%m-%d %H:%M}–{ends:%H:%M}" if same_day else f"{begins:%Y-%m-%d}–{ends:%Y-%m-%d}"


def _local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(_SHANGHAI)


def _reasons(found: list[Mapping[str, Any]], lang: str) -> str:
    """The reasons that took most away, in words."""
    first = sorted(found, key=lambda reason: -int(reason["count"]))[:_MOST_REASONS]
    texts = [
        reasons.fallen_text(r["code"], r["resource_kind"], r["count"], lang, r.get("params")) for r in first
    ]
    return ("；" if lang == "zh" else "; ").join(texts) or _NO_REASON[lang]


def path_to(aggregate: str, aggregate_id: object) -> str:
    """Where the portal shows a subject; a verdict is shown with its request, whose id it has."""
    return f"/{_PAGES.get(aggregate, 'notices')}/{aggregate_id}"


_PAGES: Mapping[str, str] = {"match": "matches", "verdict": "requests", "round": "rounds"}
