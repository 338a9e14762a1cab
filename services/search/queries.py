"""Turns what somebody asks for into one question to Elasticsearch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from services.chassis import geo, region
from services.search import domain, words

Clause = dict[str, Any]
Asked = Mapping[str, Any]

SHANGHAI = timezone(timedelta(hours=8))
#: What the asker may narrow by, and the field that holds it; each is also a facet.
FACETS: Mapping[str, str] = {
    "kind": "kind",
    "topic": "topics",
    "concept": "core_concepts",
    "grade": "grades",
    "mode": "activity_modes",
    "audience": "audiences",
    "language": "languages",
    "place": "place",
    "level": "level",
    "district": "areas",
}
#: The facet of districts counts whole districts; townships and the city are asked for, not counted.
_COUNTED = {"district": "district"}
_EXACT = ("programme_id", "venue_id", "organisation_id", "campaign")
_FACET_SIZE = 40
_LEAST_SLIP, _LEAST_SOUND = 5, 2
_SLOT_TYPES, _TIMED = ("slots",), ("slots", "experts")


def question(
    asked: Asked, now: datetime, *, after: Sequence[Any] | None = None, only: Sequence[str] | None = None
) -> Clause:
    """The search body for a page of `asked["limit"]` hits after the sort values `after`.

    `only` restricts programmes to these ids (those with a bookable slot). One more hit than asked for is
    fetched, to know whether there is a next page.
    """
    narrowed = {name: _terms(field, asked[name]) for name, field in FACETS.items() if asked.get(name)}
    body: Clause = {
        "size": asked["limit"] + 1,
        "track_total_hits": True,
        "_source": ["view"],
        "query": {"bool": {"must": matching(asked.get("q")), "filter": _fixed(asked, now, only)}},
        "sort": _order(asked),
    }
    if _has_point(asked):
        body["fields"] = [{"field": "location", "format": "geojson"}]
    if narrowed:
        body["post_filter" if asked["facets"] else "query"] = _narrowed(body, narrowed, asked["facets"])
    if asked["facets"]:
        body["aggs"] = _facets(narrowed, asked["type"])
    if after:
        body["search_after"] = list(after)
    return body


def _narrowed(body: Clause, narrowed: Mapping[str, Clause], counted: bool) -> Clause:
    """Where facets are counted, what they narrow comes after: each is counted without its own choice."""
    if counted:
        return {"bool": {"filter": list(narrowed.values())}}
    query: Clause = body["query"]
    query["bool"]["filter"].extend(narrowed.values())
    return query


def bookable_programmes(asked: Asked, now: datetime) -> Clause:
    """A question to the slots: which programmes have one that suits."""
    filters = _fixed({**asked, "type": "slots"}, now, None)
    return {
        "size": 0,
        "query": {"bool": {"filter": filters}},
        "aggs": {"programmes": {"terms": {"field": "programme_id", "size": 10_000}}},
    }


def matching(text: str | None) -> list[Clause]:
    """One clause for each run of characters typed; all must be met."""
    return [_han(run) if words.is_han(run) else _latin(run) for run in words.runs(text or "")]


def _han(run: str) -> Clause:
    ways = [
        _phrase("title", run, 20.0),
        _phrase("names", run, 10.0),
        _phrase("summary", run, 4.0),
        _words(run),
    ]
    if len(run) > 1:
        ways += [_pairs("title", run, 2.0), _pairs("names", run, 1.0)]
    if len(run) >= _LEAST_SOUND:
        ways.append({"prefix": {"pinyin": {"value": words.reading(run), "boost": 0.5}}})
    return _any_of(ways)


def _latin(run: str) -> Clause:
    typed = words.typed(run)
    ways: list[Clause] = [
        {"multi_match": {"query": run, "fields": ["title^4", "names^2", "summary"]}},
        {"prefix": {"words": {"value": run, "boost": 1.0}}},
        {"prefix": {"pinyin": {"value": typed, "boost": 8.0}}},
        {"prefix": {"initials": {"value": typed, "boost": 6.0}}},
    ]
    if len(typed) >= _LEAST_SLIP:
        slip = {"value": typed, "fuzziness": "AUTO:5,9", "prefix_length": 1, "boost": 0.3}
        ways.append({"fuzzy": {"spoken": slip}})
    return _any_of(ways)


def _phrase(field: str, run: str, boost: float) -> Clause:
    # Where it stands counts, not how rare it is: a name that holds the words comes before a text that does.
    return {"constant_score": {"filter": {"match_phrase": {field: run}}, "boost": boost}}


def _pairs(field: str, run: str, boost: float) -> Clause:
    # A slip of one character spoils two pairs: of four and more, two may be missing.
    return {"match": {f"{field}.pairs": {"query": run, "boost": boost, "minimum_should_match": "2<-1 4<-2"}}}


def _words(run: str) -> Clause:
    query = " ".join(words.words(run))
    return {"match": {"words": {"query": query, "boost": 1.5, "minimum_should_match": "2<75%"}}}


def _any_of(ways: list[Clause]) -> Clause:
    return {"bool": {"should": ways, "minimum_should_match": 1}}


def _fixed(asked: Asked, now: datetime, only: Sequence[str] | None) -> list[Clause]:
    """The filters that are no facets."""
    filters: list[Clause] = [{"term": {"shown": True}}]
    filters += [{"term": {name: str(asked[name])}} for name in _EXACT if asked.get(name)]
    filters += _time(asked, now) + _seats(asked) + _near(asked)
    if asked["bookable"]:
        filters.append({"term": {"open": True}})
    if asked["type"] in _SLOT_TYPES and asked.get("round_id"):
        filters.append(_any_of([{"term": {"at_once": True}}, {"term": {"round_id": str(asked["round_id"])}}]))
    if only is not None:
        filters.append(
            _any_of([{"terms": {"id": list(only)}}, {"terms": {"place": ["at_school", "online"]}}])
        )
    return filters


def _time(asked: Asked, now: datetime) -> list[Clause]:
    if asked["type"] not in _TIMED:
        return []
    bounds: dict[str, str] = {}
    if asked.get("first_day"):
        bounds["gte"] = _midnight(asked["first_day"])
    if asked["bookable"]:
        bounds["gte"] = max(bounds.get("gte", ""), domain.instant(now))
    if asked.get("last_day"):
        bounds["lt"] = _midnight(asked["last_day"] + timedelta(days=1))
    return [{"range": {"starts_at" if asked["type"] == "slots" else "available": bounds}}] if bounds else []


def _seats(asked: Asked) -> list[Clause]:
    if asked["type"] in ("venues", "experts"):
        return []
    people = asked.get("seats")
    if asked["type"] == "programmes":
        return _group(people) if people else []
    least = people or 1
    free = [{"range": {"free": {"gte": least}}}] if asked["bookable"] or people else []
    return free + (_group(people) if people else [])


def _group(people: int) -> list[Clause]:
    return [{"range": {"min_group": {"lte": people}}}, {"range": {"max_group": {"gte": people}}}]


def _near(asked: Asked) -> list[Clause]:
    if not asked.get("within_km") and asked["sort"] != "distance":
        return []
    if not _has_point(asked):
        raise domain.PointRequired(field="lat")
    if not asked.get("within_km"):
        return [{"exists": {"field": "location"}}]
    around = region.ROADS.within(geo.Point(asked["lat"], asked["lon"]), asked["within_km"])
    return [{"bool": {"should": [_circle(*each) for each in around], "minimum_should_match": 1}}]


def _circle(centre: geo.Point, km: float) -> Clause:
    """The engine measures in a straight line."""
    return {"geo_distance": {"distance": f"{km:.3f}km", "location": {"lat": centre.lat, "lon": centre.lon}}}


def _order(asked: Asked) -> list[Clause]:
    by = asked["sort"]
    keys: list[Clause] = []
    if by == "distance":
        keys.append({"_geo_distance": {"location": _point(asked), "order": "asc", "unit": "km"}})
    if by == "relevance":
        keys.append({"_score": {"order": "desc"}})
    if asked["type"] in _SLOT_TYPES:
        keys.append({"starts_at": {"order": "asc", "format": "epoch_millis"}})
    return [*keys, {"id": {"order": "asc"}}]


def _facets(narrowed: Mapping[str, Clause], type_: str) -> Clause:
    facets = {name: _facet(name, {"terms": _counted(name)}, narrowed) for name in FACETS}
    if type_ in _SLOT_TYPES:
        days = {"field": "starts_at", "calendar_interval": "day", "time_zone": "+08:00", "min_doc_count": 1}
        facets["day"] = _facet("day", {"date_histogram": {**days, "format": "yyyy-MM-dd"}}, narrowed)
    return facets


def _counted(name: str) -> Clause:
    return {"field": _COUNTED.get(name, FACETS[name]), "size": _FACET_SIZE}


def _facet(name: str, counting: Clause, narrowed: Mapping[str, Clause]) -> Clause:
    others = [clause for other, clause in narrowed.items() if other != name]
    return {"filter": {"bool": {"filter": others}}, "aggs": {"values": counting}}


def _terms(field: str, values: Sequence[Any]) -> Clause:
    return {"terms": {field: list(values)}}


def _has_point(asked: Asked) -> bool:
    return asked.get("lat") is not None and asked.get("lon") is not None


def _point(asked: Asked) -> Clause:
    return {"lat": asked["lat"], "lon": asked["lon"]}


def _midnight(day: date) -> str:
    return domain.instant(datetime.combine(day, time(0), SHANGHAI))


def fingerprint(asked: Asked) -> str:
    """A short name of a query without its paging: a cursor belongs to one query."""
    rest = {
        name: str(value) for name, value in sorted(asked.items()) if name not in ("cursor", "limit", "facets")
    }
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]


def suggestion(part: str, limit: int) -> Clause:
    """A question to programmes, venues and experts at once: names that hold what was typed so far."""
    return {
        "size": limit * 2,
        "_source": ["view.type", "view.id", "view.title"],
        "query": {
            "bool": {
                "must": [_named(run) for run in words.runs(part)],
                "filter": [{"term": {"shown": True}}],
            }
        },
        "sort": [{"_score": {"order": "desc"}}, {"id": {"order": "asc"}}],
    }


def _named(run: str) -> Clause:
    if words.is_han(run):
        return _any_of([_phrase("title", run, 3.0), _phrase("names", run, 1.0)])
    typed = words.typed(run)
    return _any_of([{"prefix": {field: {"value": typed}}} for field in ("words", "pinyin", "initials")])
