"""The tables of `data/` as typed values, exactly as they stand in the files."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("data")
CITY = "150400"
CITY_NAME = "赤峰市"


@dataclass(frozen=True, slots=True)
class Division:
    """One banner, county or district; `weight` is a share of pupils, not a population."""

    adcode: str
    name: str
    name_en: str
    seat: str
    lat: float
    lon: float
    population: int | None
    weight: int


@dataclass(frozen=True, slots=True)
class Township:
    """One township-level unit; `kind` is 镇, 乡, 苏木 or 街道."""

    code: str
    adcode: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """One made school as the table has it."""

    code: str
    name: str
    stage: str
    adcode: str
    township: str
    lat: float
    lon: float
    pupils: int
    classes: int


@dataclass(frozen=True, slots=True)
class VenueSeed:
    """One venue known from public text; `evidence` says how well."""

    name: str
    kind: str
    adcode: str
    place: str
    evidence: str


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that is not what its weekday says."""

    day: dt.date
    works: bool
    name: str


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one table of `data/`, as text."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@cache
def divisions() -> tuple[Division, ...]:
    """The twelve divisions, in order of their codes."""
    return tuple(_division(row) for row in rows("chifeng_divisions.csv"))


def _division(row: dict[str, str]) -> Division:
    return Division(
        adcode=row["adcode"],
        name=row["name"],
        name_en=row["slug"].replace("-", " ").title(),
        seat=row["seat"],
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        population=int(row["pop2020"]) if row["pop2020"] else None,
        weight=int(row["pop_demo_weight"]),
    )


@cache
def townships() -> tuple[Township, ...]:
    """All township-level units, in order of their codes."""
    return tuple(
        Township(row["code12"], row["county_adcode"], row["name"], row["type"])
        for row in rows("chifeng_townships.csv")
    )


@cache
def school_rows() -> tuple[SchoolRow, ...]:
    """The 241 made schools, in order of their codes."""
    return tuple(_school(row) for row in rows("schools_synthetic.csv"))


def _school(row: dict[str, str]) -> SchoolRow:
    return SchoolRow(
        code=row["id"],
        name=row["name"],
        stage=row["stage"],
        adcode=row["adcode"],
        township=row["township_code"],
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        pupils=int(row["pupils"]),
        classes=int(row["classes"]),
    )


@cache
def venue_seeds() -> tuple[VenueSeed, ...]:
    """The venues and two travelling units known from public text."""
    return tuple(
        VenueSeed(row["name"], row["kind"], row["adcode"], row["place"], row["evidence"])
        for row in rows("venues_seed.csv")
    )


@cache
def special_days() -> tuple[SpecialDay, ...]:
    """Official holidays and make-up workdays; they end on the last day of `official_years()`."""
    return tuple(
        SpecialDay(dt.date.fromisoformat(row["date"]), row["is_workday"] == "1", row["name"])
        for row in rows("cn_workdays_2026.csv")
    )


def official_years() -> frozenset[int]:
    """Years whose official schedule is in the table."""
    return frozenset(special.day.year for special in special_days())


@cache
def curriculum() -> dict[str, Any]:
    """Names of stages, core concepts, programmes and contests, as published."""
    loaded: dict[str, Any] = json.loads((FOLDER / "curriculum.json").read_text(encoding="utf-8"))
    return loaded


def division(adcode: str) -> Division:
    """The division of a six-digit code; KeyError if there is none."""
    return {each.adcode: each for each in divisions()}[adcode]


def numbers(text: str) -> tuple[int, ...]:
    """Numbers separated by spaces."""
    return tuple(int(each) for each in text.split())
