"""The region that this installation is for: its known roads, which all who judge a journey share.

`known_roads.csv` is data: another region puts its own in its place, of one line if nothing is known there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from services.chassis.geo import Point
from services.chassis.roads import Leg, LegRefused, Roads, checked

KNOWN_ROADS = Path(__file__).with_name("known_roads.csv")


def read_roads(file: Path) -> Roads:
    """The roads of such a file; LegRefused, with the line, for one that is not as it should be."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        return Roads(list(_legs(rows)))


def _legs(rows: csv.DictReader[str]) -> Iterator[Leg]:
    for row in rows:
        try:
            yield checked(_leg(row))
        except (KeyError, TypeError, ValueError) as error:
            raise LegRefused(f"known roads, line {rows.line_num}: {error}") from error


def _leg(row: dict[str, str]) -> Leg:
    """Every row names its places and says where its length comes from."""
    if not all(row[name].strip() for name in ("from", "to", "source")):
        raise LegRefused("a place or the source is not named")
    return Leg(_point(row, "from"), _point(row, "to"), float(row["km"]))


def _point(row: dict[str, str], end: str) -> Point:
    return Point(float(row[f"{end}_lat"]), float(row[f"{end}_lon"]))


ROADS = read_roads(KNOWN_ROADS)
