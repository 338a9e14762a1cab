"""Composes the documents that are found: fields to search and filter by, and the view to show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from schemas.topics import TOPICS
from services.search import domain, words
from services.search.domain import Document, Facts, State, StoredFact

_LABELS: Mapping[str, Mapping[str, str]] = json.loads(
    (Path(__file__).parent / "labels.json").read_text("utf-8")
)


def compose(aggregate: str, own: StoredFact, facts: Facts, engagements: Iterable[State] = ()) -> Document:
    """The document of one programme, slot, venue or expert; a fact that has not come yet leaves a gap."""
    if aggregate == "expert":
        return _expert(own.state, facts, engagements)
    return {"programme": _programme, "slot": _slot, "venue": _venue}[aggregate](own.state, facts)


def _slot(slot: State, facts: Facts) -> Document:
    programme = _fact(facts, "programme", slot["programme_id"])
    host = _host(slot, facts)
    return {
        **_described(programme, facts, host),
        **_placed(host, facts),
        "id": slot["id"],
        "programme_id": slot["programme_id"],
        "venue_id": slot["venue_id"],
        "organisation_id": slot["organisation_id"],
        "round_id": slot["round_id"],
        "at_once": slot["round_id"] is None,
        "shown": programme.get("state") == "published" and slot["state"] != "cancelled",
        "open": slot["state"] == "open",
        "starts_at": slot["starts_at"],
        "ends_at": slot["ends_at"],
        "free": slot["free"],
        "view": {
            **_programme_view(programme),
            **_place_view(slot, host, facts),
            **{member: slot[member] for member in _SLOT_VIEW},
            "type": "slot",
        },
    }


def _programme(programme: State, facts: Facts) -> Document:
    host = _host(programme, facts)
    return {
        **_described(programme, facts, host),
        **_placed(host, facts),
        "id": programme["id"],
        "programme_id": programme["id"],
        "venue_id": programme["venue_id"],
        "organisation_id": programme["organisation_id"],
        "shown": programme["state"] == "published",
        "open": programme["state"] == "published",
        "view": {
            **_programme_view(programme),
            **_place_view(programme, host, facts),
            "id": programme["id"],
            "type": "programme",
        },
    }


def _venue(venue: State, facts: Facts) -> Document:
    organisation = _fact(facts, "organisation", venue["organisation_id"])
    names = [
        organisation.get("name"),
        venue["designation"],
        *_area_names(venue, facts),
        *_label(venue["kind"]),
    ]
    return {
        **_texts(venue["name"], _with_level(names, venue["level"]), ""),
        **_placed(venue, facts),
        "id": venue["id"],
        "venue_id": venue["id"],
        "organisation_id": venue["organisation_id"],
        "kind": venue["kind"],
        "demonstration": venue["demonstration"],
        "shown": venue["state"] == "active",
        "open": venue["state"] == "active",
        "view": {
            **_place_view(venue | {"venue_id": venue["id"]}, venue, facts),
            **{
                member: venue[member]
                for member in ("id", "kind", "designation", "expires_on", "demonstration")
            },
            "type": "venue",
            "title": venue["name"],
        },
    }


def _expert(expert: State, facts: Facts, engagements: Iterable[State]) -> Document:
    organisation = _fact(facts, "organisation", expert["organisation_id"])
    names = [expert["title"], expert["employer"], organisation.get("name")]
    names += [*_area_names(expert, facts), *topic_names(expert["topics"]), *_label(expert["kind"])]
    windows = domain.free_windows(expert["availability"], engagements)
    return {
        **_texts(expert["name"], names, "", person=True),
        **_around(expert["adcode"], facts),
        "id": expert["id"],
        "organisation_id": expert["organisation_id"],
        "kind": expert["kind"],
        "topics": with_parents(expert["topics"]),
        **{member: expert[member] for member in ("grades", "audiences", "languages", "demonstration")},
        "shown": expert["state"] == "active",
        "open": expert["state"] == "active",
        "available": [
            {"gte": domain.instant(opens), "lt": domain.instant(closes)} for opens, closes in windows
        ],
        "view": _expert_view(expert, organisation, facts),
    }


_PROGRAMME_VIEW = (
    *("kind", "title", "summary", "topics", "audiences", "grades", "core_concepts", "activity_modes"),
    *("teaching_modes", "min_group", "max_group", "duration_minutes", "place", "languages", "campaign"),
    *("fee_fen", "payer", "demonstration"),
)
_SLOT_VIEW = (
    *("id", "programme_id", "starts_at", "ends_at", "seats", "free", "groups_limit", "groups_taken"),
    *("round_id", "state"),
)
_EXPERT_VIEW = (
    *("id", "name", "kind", "employer", "topics", "audiences", "grades", "languages", "adcode"),
    *("volunteer", "demonstration"),
)


def _programme_view(programme: State) -> State:
    return {member: programme.get(member) for member in _PROGRAMME_VIEW}


def _place_view(thing: State, host: State, facts: Facts) -> State:
    venue = _fact(facts, "venue", thing.get("venue_id")) or (
        host if thing.get("venue_id") == host.get("id") else {}
    )
    organisation = _fact(facts, "organisation", thing["organisation_id"])
    return {
        "venue_id": thing.get("venue_id"),
        "venue_name": venue.get("name"),
        "venue_kind": venue.get("kind"),
        "level": venue.get("level"),
        "organisation_id": thing["organisation_id"],
        "organisation_name": organisation.get("name"),
        "adcode": host.get("adcode"),
        "district_name": _district_name(host.get("adcode"), facts),
        "lat": host.get("lat"),
        "lon": host.get("lon"),
    }


def _expert_view(expert: State, organisation: State, facts: Facts) -> State:
    # Where an expert lives, and when they are free, is not for the public: the division must do.
    return {
        **{member: expert[member] for member in _EXPERT_VIEW},
        "type": "expert",
        "title": expert["name"],
        "position": expert["title"],
        "organisation_id": expert["organisation_id"],
        "organisation_name": organisation.get("name"),
        "district_name": _district_name(expert["adcode"], facts),
    }


def _described(programme: State, facts: Facts, host: State) -> Document:
    """What a programme gives to its own document and to those of its slots."""
    if not programme:
        return _texts("", [], "")
    return {
        **_texts(programme["title"], _programme_names(programme, facts, host), programme["summary"]),
        "topics": with_parents(programme["topics"]),
        **{member: programme[member] for member in _FILTERED},
    }


_FILTERED = (
    *("kind", "core_concepts", "grades", "audiences", "activity_modes", "teaching_modes", "languages"),
    *("place", "campaign", "min_group", "max_group", "fee_fen", "demonstration"),
)


def _programme_names(programme: State, facts: Facts, host: State) -> list[str | None]:
    organisation = _fact(facts, "organisation", programme["organisation_id"])
    unit = _fact(facts, "unit", programme["unit_id"])
    return [
        host.get("name"),
        organisation.get("name"),
        unit.get("name"),
        programme["series"],
        programme["campaign"],
        *_area_names(host, facts),
        *topic_names(programme["topics"]),
        *_label(programme["kind"]),
    ]


def _host(thing: State, facts: Facts) -> State:
    """Where a thing takes place or sets out from: its venue, else its unit's base, else its organisation."""
    return (
        _fact(facts, "venue", thing.get("venue_id"))
        or _fact(facts, "unit", thing.get("unit_id"))
        or _fact(facts, "organisation", thing["organisation_id"])
    )


def _placed(host: State, facts: Facts) -> Document:
    if not host:
        return {}
    level = {"level": host["level"]} if "level" in host else {}
    codes = domain.areas(host.get("township") or host["adcode"])
    return {
        "location": {"lat": host["lat"], "lon": host["lon"]},
        "areas": codes,
        "district": _district_code(host["adcode"]),
        **level,
    }


def _around(adcode: str, facts: Facts) -> Document:
    """The place of somebody whose home is private: the middle of their division."""
    middle = _fact(facts, "district", adcode) or _fact(facts, "district", _district_code(adcode))
    location = (
        {"location": {"lat": middle["lat"], "lon": middle["lon"]}} if middle.get("lat") is not None else {}
    )
    return {"areas": domain.areas(adcode), "district": _district_code(adcode), **location}


def _texts(title: str, names: Iterable[str | None], summary: str, *, person: bool = False) -> Document:
    known = tuple(dict.fromkeys(name for name in names if name))
    return {
        "title": words.plain(title),
        "names": [words.plain(name) for name in known],
        "summary": words.plain(summary),
        **_keys(title, known, summary, person),
    }


@lru_cache(maxsize=2048)
def _keys(title: str, names: tuple[str, ...], summary: str, person: bool) -> Document:
    """The words and Latin keys of one thing; shared by all slots of a programme."""
    found = [words.keys(title, person), *(words.keys(name) for name in names)]
    return {
        "words": " ".join(words.words(f"{title} {' '.join(names)} {summary}")),
        "pinyin": sorted({key for keys in found for key in keys.pinyin}),
        "initials": sorted({key for keys in found for key in keys.initials}),
        "spoken": sorted({key for keys in found for key in keys.words}),
    }


def topic_names(codes: Iterable[str]) -> list[str]:
    """The Chinese names of topics and of the topics above them."""
    return [TOPICS[code].zh for code in with_parents(codes) if code in TOPICS]


def with_parents(codes: Iterable[str]) -> list[str]:
    """The topics and all topics above them, so that asking for the wider one finds the narrower."""
    found: dict[str, None] = {}
    for code in codes:
        above: str | None = code
        while above and above not in found:
            found[above] = None
            above = TOPICS[above].parent if above in TOPICS else None
    return list(found)


def topics_named(part: str) -> list[tuple[str, str]]:
    """Codes and names of the topics whose name holds `part` or sounds like it; for suggestions."""
    return [(code, topic.zh) for code, topic in TOPICS.items() if sounds(topic.zh, part)]


def called(name: str, part: str) -> bool:
    """Whether a place's name, or what people call it, holds `part` or sounds like it."""
    return any(sounds(each, part) for each in (name, *words.aliases(name)))


def sounds(name: str, part: str) -> bool:
    """Whether a name holds `part`, or begins to sound like it at one of its characters."""
    if words.is_han(part):
        return part in name
    keys = words.keys(name)
    return any(key.startswith(part) for key in (*keys.pinyin, *keys.initials))


def _label(kind: str) -> list[str]:
    return _LABELS["kinds"].get(kind, "").split()


def _with_level(names: list[str | None], level: str) -> list[str | None]:
    return [*names, _LABELS["levels"].get(level)]


def _area_names(place: State, facts: Facts) -> list[str]:
    if not place:
        return []
    known = [
        _fact(facts, "district", code) for code in domain.areas(place.get("township") or place["adcode"])
    ]
    names = [district["name"] for district in known if district]
    return [alias for name in names for alias in (name, *words.aliases(name))]


def _district_name(adcode: str | None, facts: Facts) -> str | None:
    return _fact(facts, "district", _district_code(adcode)).get("name") if adcode else None


def _district_code(adcode: str | None) -> str | None:
    return adcode[:6] if adcode else None


def _fact(facts: Facts, aggregate: str, aggregate_id: str | None) -> State:
    if aggregate_id is None:
        return {}
    stored = facts.get(f"{aggregate}:{aggregate_id}")
    return stored.state if stored else {}
