"""Copies: each projection, and each document that is found, is at its owner's version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.check.hearing import hearing
from deploy.check.reader import Reader
from deploy.check.verdict import Finding

VERSIONS = "select {key} as id, version from published_state where aggregate = %(aggregate)s"
TRAIL = """
select owner, aggregate, count(distinct (aggregate_id, version)) as acts
  from trail where aggregate_id is not null
 group by owner, aggregate
"""
ACTS = "select aggregate, sum(version) as acts from published_state group by aggregate"


@dataclass(frozen=True)
class Copy:
    """A consumer's table that keeps an owner's aggregate, or only some of them where it is not `complete`.

    `published_key` is how its key follows from the published state.
    """

    consumer: str
    table: str
    owner: str
    aggregate: str
    key: str = "id"
    published_key: str = "aggregate_id"
    complete: bool = True


_ADCODE, _YEAR = "data->>'adcode'", "(data->>'year')::int"
COPIES = (
    Copy("catalog", "organisation", "accounts", "organisation"),
    Copy("catalog", "round", "matcher", "round"),
    Copy("catalog", "calendar", "demand", "calendar", "year", _YEAR),
    Copy("catalog", "terms", "demand", "terms"),
    Copy("experts", "organisation", "accounts", "organisation"),
    Copy("demand", "organisations", "accounts", "organisation"),
    Copy("demand", "rounds", "matcher", "round"),
    Copy("demand", "matches", "matcher", "match"),
    Copy("demand", "verdicts", "matcher", "verdict", "request_id"),
    Copy("matcher", "known_organisation", "accounts", "organisation"),
    Copy("matcher", "known_district", "accounts", "district"),
    Copy("matcher", "known_school", "demand", "school"),
    Copy("matcher", "known_request", "demand", "request"),
    Copy("matcher", "known_venue", "catalog", "venue"),
    Copy("matcher", "known_programme", "catalog", "programme"),
    Copy("matcher", "known_shared_resource", "catalog", "shared_resource"),
    Copy("matcher", "known_slot", "catalog", "slot"),
    Copy("matcher", "known_unit", "catalog", "unit"),
    Copy("matcher", "known_stop", "catalog", "stop"),
    Copy("matcher", "known_expert", "experts", "expert"),
    Copy("matcher", "known_engagement", "experts", "engagement"),
    Copy("matcher", "known_calendar", "demand", "calendar"),
    Copy("matcher", "known_terms", "demand", "terms"),
    Copy("ledger", "district", "accounts", "district", "adcode", _ADCODE),
    Copy("ledger", "organisation", "accounts", "organisation"),
    Copy("ledger", "school", "demand", "school"),
    Copy("ledger", "request", "demand", "request"),
    Copy("ledger", "entry", "matcher", "match", "match_id", complete=False),
    Copy("notices", "organisation", "accounts", "organisation"),
    Copy("notices", "person", "accounts", "user"),
)
COUNT = "select count(*) as n from published_state where aggregate = %(aggregate)s"
DOCUMENTS = {"programme": "catalog", "slot": "catalog", "venue": "catalog", "expert": "experts"}


def projections_are_current(reader: Reader) -> Finding:
    """Every row of every projection has its owner's version, and none is missing."""
    suspects: dict[str, str] = {}
    rows = 0
    for copy in COPIES:
        mine = _versions_here(reader, copy)
        rows += len(mine)
        suspects.update(_differences(copy, mine, _published(reader, copy)))
    return Finding({"projections": len(COPIES), "rows": rows}, suspects)


def trail_has_every_act(reader: Reader) -> Finding:
    """The ledger's trail has each version of each aggregate that anybody published."""
    trail = {(row["owner"], row["aggregate"]): row["acts"] for row in reader.rows("ledger", TRAIL)}
    suspects: dict[str, str] = {}
    for owner, aggregates in hearing().get("ledger", {}).items():
        acts = {row["aggregate"]: int(row["acts"]) for row in reader.rows(owner, ACTS)}
        for aggregate in aggregates:
            there, here = acts.get(aggregate, 0), trail.get((owner, aggregate), 0)
            if there != here:
                suspects[f"trail of {owner}'s {aggregate}s"] = f"has {here} acts of {there}"
    return Finding({"acts": sum(trail.values())}, suspects)


def search_has_everything(reader: Reader) -> Finding:
    """Each index has one document for each aggregate that its owner published."""
    numbers: dict[str, int] = {}
    suspects: dict[str, str] = {}
    for aggregate, owner in DOCUMENTS.items():
        published = reader.one(owner, COUNT, {"aggregate": aggregate})["n"]
        found = reader.documents(f"keqiao-{aggregate}s")
        numbers[f"{aggregate}s"] = found
        if found != published:
            suspects[f"index of {aggregate}s"] = f"has {found} documents, {owner} has {published}"
    return Finding(numbers, suspects | _stale_facts(reader))


def _stale_facts(reader: Reader) -> dict[str, str]:
    """What search keeps of its owners' facts, by the sum of all versions."""
    found = reader.fact_versions()
    suspects: dict[str, str] = {}
    for owner, aggregates in hearing()["search"].items():
        acts = {row["aggregate"]: int(row["acts"]) for row in reader.rows(owner, ACTS)}
        for aggregate in aggregates:
            there, here = acts.get(aggregate, 0), found.get(aggregate, 0)
            if there != here:
                suspects[f"facts of {aggregate}s"] = f"their versions add up to {here}, {owner}'s to {there}"
    return suspects


def _versions_here(reader: Reader, copy: Copy) -> dict[str, int]:
    query = f"select {copy.key} as id, version from {copy.table}"
    return {str(row["id"]): row["version"] for row in reader.rows(copy.consumer, query)}


def _published(reader: Reader, copy: Copy) -> dict[str, int]:
    rows = reader.rows(copy.owner, VERSIONS.format(key=copy.published_key), {"aggregate": copy.aggregate})
    return {str(row["id"]): row["version"] for row in rows}


def _differences(copy: Copy, mine: dict[str, int], theirs: dict[str, int]) -> Iterator[tuple[str, str]]:
    for identity in mine.keys() | theirs.keys() if copy.complete else mine.keys():
        here, there = mine.get(identity), theirs.get(identity)
        if here != there:
            name = f"{copy.consumer}.{copy.table} {identity}"
            yield name, f"is at version {here}, {copy.owner} is at {there}"
