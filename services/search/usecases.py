"""What search does: take facts in, in any order, and answer what is asked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from services.chassis import geo, region
from services.chassis.facts import Fact
from services.search import documents, domain, queries, words
from services.search.domain import Document, Facts, State, StoredFact
from services.search.highlights import excerpt, highlighted
from services.search.storage import Engine, Generation

_NONE: Facts = MappingProxyType({})


def take_in(engine: Engine, told: Sequence[Fact]) -> None:
    """Keep facts and compose anew every document that shows something of them.

    A fact is written before what depends on it is read: of two workers that take in facts of one document at
    once, the later writer then reads both, and its composition has the higher rank. Raises SearchUnavailable.
    """
    facts = _newest(told)
    for generation, keys in engine.keep(facts).items():
        kept = {key: facts[key] for key in keys}
        compose_again(engine, generation, _touched(engine, generation, kept), kept)


def _newest(told: Sequence[Fact]) -> dict[str, StoredFact]:
    newest: dict[str, StoredFact] = {}
    for one in told:
        key = domain.key_of(one.aggregate, one.data, one.aggregate_id)
        if key not in newest or newest[key].version <= one.version:
            newest[key] = StoredFact(one.version, one.data)
    return newest


def _touched(engine: Engine, generation: Generation, kept: Facts) -> list[str]:
    """The keys of the documents that these facts show in."""
    hosts = [key for key in kept if _kind(key) in _LEANT_ON]
    guests = [f"expert:{fact.state['expert_id']}" for key, fact in kept.items() if _kind(key) == "engagement"]
    found = [*kept, *guests, *_leaning_on(engine, generation, hosts)]
    return [key for key in dict.fromkeys(found) if _is_document(key)]


#: Aggregates that other facts name.
_LEANT_ON = ("district", "organisation", "venue", "unit", "programme")


def _leaning_on(engine: Engine, generation: Generation, keys: Sequence[str]) -> list[str]:
    """All that rests on these facts, at first or second hand."""
    found: dict[str, None] = {}
    frontier = list(keys)
    while frontier:
        new = [key for key in engine.referring(generation, frontier) if key not in found]
        found |= dict.fromkeys(new)
        frontier = [key for key in new if _kind(key) in _LEANT_ON]
    return list(found)


def compose_again(
    engine: Engine, generation: Generation, keys: Sequence[str], just_kept: Facts = _NONE
) -> None:
    """Compose and write the documents of these keys from the facts as they are now.

    Those `just_kept` are not read again; if one is outdated by now, so is the rank of what it makes, and the
    worker that took the newer one in composes after this one's facts were kept.
    """
    own = {key: just_kept[key] for key in keys if key in just_kept}
    own |= engine.facts(generation, [key for key in keys if key not in own])
    near_keys = {key: domain.references(_kind(key), fact.state) for key, fact in own.items()}
    near = engine.facts(generation, {name for names in near_keys.values() for name in names})
    far_keys = {key: domain.references(_kind(key), fact.state) for key, fact in near.items()}
    unread = {name for names in far_keys.values() for name in names} - near.keys()
    known = near | engine.facts(generation, unread)
    engine.put(
        generation,
        [
            _composed(engine, generation, key, fact, near_keys[key], far_keys, known)
            for key, fact in own.items()
        ],
    )


def _composed(
    engine: Engine,
    generation: Generation,
    key: str,
    fact: StoredFact,
    near_keys: list[str],
    far_keys: Mapping[str, list[str]],
    known: Facts,
) -> tuple[str, int, Document]:
    aggregate = _kind(key)
    engagements = _engagements(engine, generation, key) if aggregate == "expert" else []
    far_names = [name for near_key in near_keys for name in far_keys.get(near_key, ())]
    near = [*_versions(near_keys, known), *(engagement.version for engagement in engagements)]
    rank = domain.rank(fact.version, near, _versions(far_names, known))
    return aggregate, rank, documents.compose(aggregate, fact, known, [e.state for e in engagements])


def _versions(names: Iterable[str], known: Facts) -> list[int]:
    return [known[name].version for name in names if name in known]


def _engagements(engine: Engine, generation: Generation, expert_key: str) -> list[StoredFact]:
    names = engine.referring(generation, [expert_key])
    return list(engine.facts(generation, names).values()) if names else []


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _is_document(key: str) -> bool:
    return _kind(key) in domain.INDICES


def find(engine: Engine, asked: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """One page of what suits: `{items, next_keys, total, facets}`; `next_keys` None at the end.

    Raises CursorInvalid for a cursor of another query, PointRequired, SearchUnavailable.
    """
    query = queries.fingerprint(asked)
    body = queries.question(asked, now, after=_after(asked, query), only=_bookable(engine, asked, now))
    answer = engine.search(engine.serving.alias(asked["type"]), body)
    hits = answer["hits"]["hits"]
    page, runs = hits[: asked["limit"]], tuple(words.runs(asked.get("q") or ""))
    return {
        "items": [_item(hit, asked, runs) for hit in page],
        "next_keys": [query, *page[-1]["sort"]] if len(hits) > len(page) else None,
        "total": answer["hits"]["total"]["value"],
        "facets": _facets(answer.get("aggregations", {})),
    }


def _after(asked: Mapping[str, Any], query: str) -> list[Any] | None:
    cursor = asked.get("cursor")
    if cursor is None:
        return None
    if not cursor or cursor[0] != query:
        raise domain.CursorInvalid(field="cursor")
    return list(cursor[1:])


def _bookable(engine: Engine, asked: Mapping[str, Any], now: datetime) -> list[str] | None:
    """The programmes that have a slot to book, where only such are asked for: the slots know."""
    if asked["type"] != "programmes" or not asked["bookable"]:
        return None
    answer = engine.search(engine.serving.alias("slots"), queries.bookable_programmes(asked, now))
    return [bucket["key"] for bucket in answer["aggregations"]["programmes"]["buckets"]]


def _item(hit: Mapping[str, Any], asked: Mapping[str, Any], runs: tuple[str, ...]) -> dict[str, Any]:
    view: dict[str, Any] = hit["_source"]["view"]
    return {**view, "distance_km": _distance_km(hit, asked), "highlights": _highlights(view, runs)}


def _distance_km(hit: Mapping[str, Any], asked: Mapping[str, Any]) -> float | None:
    """By road, as everywhere, if a point was given; of an expert it is the division that is so far away."""
    found = hit.get("fields", {}).get("location")
    if not found:
        return None
    lon, lat = found[0]["coordinates"]
    return round(region.ROADS.km(geo.Point(asked["lat"], asked["lon"]), geo.Point(lat, lon)), 1)


def _highlights(view: Mapping[str, Any], runs: tuple[str, ...]) -> dict[str, str]:
    if not runs:
        return {}
    whole = {name: highlighted(view.get(name), runs) for name in _HIGHLIGHTED}
    found = {**whole, "summary": excerpt(view.get("summary"), runs)}
    return {name: text for name, text in found.items() if text}


_HIGHLIGHTED = ("title", "venue_name", "organisation_name", "district_name", "employer")


def _facets(aggregations: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            {"value": str(bucket.get("key_as_string", bucket["key"])), "count": bucket["doc_count"]}
            for bucket in facet["values"]["buckets"]
        ]
        for name, facet in aggregations.items()
    }


def suggest(engine: Engine, part: str, limit: int) -> list[dict[str, Any]]:
    """Names that hold what was typed so far, or sound like it: topics, then districts, then what is found."""
    runs = words.runs(part)
    if not runs:
        return []
    topics = [{"type": "topic", "id": code, "text": name} for code, name in documents.topics_named(runs[0])]
    places = [
        {"type": "district", "id": place["adcode"], "text": place["name"]}
        for place in _districts(engine)
        if documents.called(place["name"], runs[0])
    ]
    aliases = ",".join(
        engine.serving.alias(domain.INDICES[kind]) for kind in ("programme", "venue", "expert")
    )
    hits = engine.search(aliases, queries.suggestion(part, limit))["hits"]["hits"]
    views = [hit["_source"]["view"] for hit in hits]
    found = [{"type": view["type"], "id": view["id"], "text": view["title"]} for view in views]
    return list({(one["type"], one["text"]): one for one in [*topics, *places, *found]}.values())[:limit]


def _districts(engine: Engine) -> list[State]:
    """Cities and districts, read again at most twice a minute: a suggestion comes with every key."""
    kept, since = _KNOWN_DISTRICTS.get(engine, ([], 0.0))
    if not kept or time.monotonic() - since > _DISTRICTS_SECONDS:
        kept = engine.districts()
        _KNOWN_DISTRICTS[engine] = kept, time.monotonic()
    return kept


_DISTRICTS_SECONDS = 30.0
_KNOWN_DISTRICTS: WeakKeyDictionary[Engine, tuple[list[State], float]] = WeakKeyDictionary()
