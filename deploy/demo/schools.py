"""The 241 demonstration schools with their kinds, grades and logins, derived from the made table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from deploy.demo import facts

GRADES = {
    "K": [0],
    "P": [1, 2, 3, 4, 5, 6],
    "J": [7, 8, 9],
    "S": [10, 11, 12],
    "V": [10, 11, 12],
    "X": [1, 2, 3, 4, 5, 6, 7, 8, 9],
}

# The table has primary and middle schools only; these rows stand for the other kinds.
_KINDERGARTENS = {"S0004", "S0017", "S0035", "S0036", "S0009", "S0018", "S0003", "S0019"}
_SPECIAL = "S0008"
_VOCATIONAL = "S0038"
_SENIOR = {"S0029", "S0013"}
_OTHER_NAMES = {"K": "幼儿园", "X": "特殊教育学校", "V": "职业中等专业学校", "S": "高级中学"}
_LARGEST = {"K": 280, "X": 150}


@dataclass(frozen=True, slots=True)
class School:
    """One demonstration school; `code` S0001 gives the logins s0001 (teacher) and s0001h (head)."""

    code: str
    name: str
    stage: str
    adcode: str
    township: str
    lat: float
    lon: float
    enrolment: int
    classes: int
    rural: bool

    @property
    def grades(self) -> list[int]:
        return GRADES[self.stage]

    @property
    def teacher(self) -> str:
        return self.code.lower()

    @property
    def head(self) -> str:
        return f"{self.code.lower()}h"

    @property
    def auto_accepts(self) -> bool:
        """Three schools in five said beforehand that they take what they asked for."""
        return int(self.code[1:]) % 5 < 3


@cache
def schools() -> tuple[School, ...]:
    """All schools, in order of their codes."""
    towns = {town.code: town for town in facts.townships()}
    return tuple(_school(row, towns[row.township]) for row in facts.school_rows())


def _school(row: facts.SchoolRow, town: facts.Township) -> School:
    stage = _stage(row)
    return School(
        code=row.code,
        name=_name(row, stage),
        stage=stage,
        adcode=row.adcode,
        township=row.township,
        lat=row.lat,
        lon=row.lon,
        enrolment=min(row.pupils, _LARGEST.get(stage, row.pupils)),
        classes=row.classes if stage not in _LARGEST else min(row.classes, 9),
        rural=_is_rural(town),
    )


def _stage(row: facts.SchoolRow) -> str:
    if row.code in _KINDERGARTENS:
        return "K"
    if row.code in _SENIOR:
        return "S"
    return {_SPECIAL: "X", _VOCATIONAL: "V"}.get(row.code, row.stage)


def _name(row: facts.SchoolRow, stage: str) -> str:
    if stage == row.stage:
        return row.name
    stem = row.name.removesuffix("（演示）")
    for ending in ("中心小学", "小学", "中学"):
        stem = stem.removesuffix(ending)
    return f"{stem}{_OTHER_NAMES[stage]}（演示）"


def _is_rural(town: facts.Township) -> bool:
    """Town streets and the seats of government are not rural; other towns, townships and sumu are."""
    return town.kind != "街道" and town.name != facts.division(town.adcode).seat
