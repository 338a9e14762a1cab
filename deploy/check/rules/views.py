"""Copies: each projection, and each document that is found, is at its owner's version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.check.reader import Reader
from deploy.check.verdict import Finding

VERSIONS = "select aggregate_id as id, version from published_state where aggregate = %(aggregate)s"


@dataclass(frozen=True)
class Copy:
    """A consumer's table that keeps one aggregate of an owner, whole (`complete`) or only some of them."""

    consumer: str
    table: str
    key: str
    owner: str
    aggregate: str
    complete: bool = True


COPIES = (
    Copy("catalog", "organisation", "id", "accounts", "organisation"),
    Copy("catalog", "round", "id", "matcher", "round"),
    Copy("experts", "organisation", "id", "accounts", "organisation"),
)
DOCUMENTS = {"programme": "catalog", "slot": "catalog", "venue": "catalog", "expert": "experts"}


def projections_are_current(reader: Reader) -> Finding:
    """Every row of every projection has its owner's version, and none is missing."""
    suspects: dict[str, str] = {}
    rows = 0
    for copy in COPIES:
        mine = _versions_here(reader, copy)
        rows += len(mine)
        suspects.update(_differences(copy, mine, _published(reader, copy.owner, copy.aggregate)))
    return Finding({"projections": len(COPIES), "rows": rows}, suspects)


def search_has_everything(reader: Reader) -> Finding:
    """Each index has one document for each aggregate that its owner published, and the facts' versions."""
    numbers: dict[str, int] = {}
    suspects: dict[str, str] = {}
    for aggregate, owner in DOCUMENTS.items():
        published = len(_published(reader, owner, aggregate))
        found = reader.documents(f"keqiao-{aggregate}s")
        numbers[f"{aggregate}s"] = found
        if found != published:
            suspects[f"index of {aggregate}s"] = f"has {found} documents, {owner} has {published}"
    return Finding(numbers, suspects)


def _versions_here(reader: Reader, copy: Copy) -> dict[str, int]:
    query = f"select {copy.key} as id, version from {copy.table}"
    return {str(row["id"]): row["version"] for row in reader.rows(copy.consumer, query)}


def _published(reader: Reader, owner: str, aggregate: str) -> dict[str, int]:
    rows = reader.rows(owner, VERSIONS, {"aggregate": aggregate})
    return {str(row["id"]): row["version"] for row in rows}


def _differences(copy: Copy, mine: dict[str, int], theirs: dict[str, int]) -> Iterator[tuple[str, str]]:
    for identity in mine.keys() | theirs.keys() if copy.complete else mine.keys():
        here, there = mine.get(identity), theirs.get(identity)
        if here != there:
            name = f"{copy.consumer}.{copy.table} {identity}"
            yield name, f"is at version {here}, {copy.owner} is at {there}"
