"""Bodies that steer, and organisations that offer: with venues, without them, and with travelling units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from deploy.demo import facts
from deploy.demo.dice import dice

BODIES = {
    "association": "{}科学技术协会",
    "education_bureau": "{}教育局",
    "publicity_department": "中共{}委宣传部",
    "youth_league": "共青团{}委员会",
}
_VENUE_KIND = {
    "museum": "cultural_venue",
    "library": "cultural_venue",
    "outdoor": "science_base",
    "geopark": "science_base",
    "science_centre": "science_museum",
    "university_lab": "lab",
}


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation to register; its name is its identity within the demonstration."""

    name: str
    kind: str
    adcode: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue and its owner (same name); `theme` names the programmes it gives, `login` its staff."""

    login: str
    owner: Organisation
    kind: str
    level: str
    designation: str | None
    theme: str
    hall: int
    asks: bool

    @property
    def name(self) -> str:
        return self.owner.name


@dataclass(frozen=True, slots=True)
class Unit:
    """A travelling unit of the city's association; dwell in days, `single` groups per stop."""

    name: str
    kind: str
    adcode: str
    min_dwell_days: int
    max_dwell_days: int
    setup_days: int
    topics: tuple[str, ...]
    grades: tuple[int, ...]
    max_group: int
    travel_limit_km: int


@dataclass(frozen=True, slots=True)
class Shared:
    """What all sessions at a venue share; `kind` is room, guide, kit or coach."""

    kind: str
    name: str
    name_en: str
    number: int


def bodies() -> list[Organisation]:
    """The four bodies of the city and of each of its divisions."""
    seat = facts.division("150402")
    city = [_body(facts.CITY, facts.CITY_NAME, seat.lat, seat.lon, kind) for kind in BODIES]
    return city + [_body(d.adcode, d.name, d.lat, d.lon, kind) for d in facts.divisions() for kind in BODIES]


def _body(adcode: str, area: str, lat: float, lon: float, kind: str) -> Organisation:
    return Organisation(BODIES[kind].format(area), kind, adcode, lat, lon)


_SEED_THEMES = {
    "museum": "archaeology",
    "library": "reading",
    "outdoor": "geology",
    "geopark": "geology",
    "science_centre": "museum_of_science",
    "university_lab": "laboratory",
}
_SEED_LEVELS = {"geopark": "national", "science_centre": "city", "university_lab": "city", "library": "city"}


@cache
def venues() -> tuple[Venue, ...]:
    """The known venues, then the made ones: 40 in all, with logins v01 to v40."""
    known = [_known(seed) for seed in facts.venue_seeds() if seed.kind != "mobile"]
    made = [
        _made_venue(row, code) for row in facts.rows("made_venues.csv") for code in row["adcodes"].split()
    ]
    return tuple(_venue(number, *each) for number, each in enumerate(known + made, start=1))


def _known(seed: facts.VenueSeed) -> tuple[Organisation, str, str, str]:
    point = facts.division(seed.adcode)
    kind = "university" if seed.kind == "university_lab" else "venue"
    owner = Organisation(seed.name, kind, seed.adcode, point.lat, point.lon)
    return owner, _VENUE_KIND[seed.kind], _SEED_LEVELS.get(seed.kind, "district"), _SEED_THEMES[seed.kind]


def _made_venue(row: dict[str, str], adcode: str) -> tuple[Organisation, str, str, str]:
    point = facts.division(adcode)
    name = row["name"].format(point.name)
    shift = dice("venue", name)
    lat = round(point.lat + shift.uniform(-0.02, 0.02), 4)
    lon = round(point.lon + shift.uniform(-0.02, 0.02), 4)
    return Organisation(name, row["owner_kind"], adcode, lat, lon), row["kind"], "district", row["theme"]


def _venue(number: int, owner: Organisation, kind: str, level: str, theme: str) -> Venue:
    chance = dice("venue", owner.name)
    return Venue(
        login=f"v{number:02d}",
        owner=owner,
        kind=kind,
        level=level,
        designation="科普教育基地（演示）" if kind == "science_base" else None,
        theme=theme,
        hall=chance.choice([50, 60, 80, 100, 120, 160]),
        asks=chance.random() < 0.4,
    )


def shared(venue: Venue) -> list[Shared]:
    """What the programmes of a venue share, by its theme: some venues a few guides, most nothing."""
    mine = (row for row in facts.rows("made_shared.csv") if row["theme"] == venue.theme)
    return [Shared(row["kind"], row["name"], row["name_en"], int(row["number"])) for row in mine]


def hosts() -> list[Organisation]:
    """Organisations that offer programmes at schools and lend experts, but have no venue."""
    return [_host(row) for row in facts.rows("made_hosts.csv")]


def _host(row: dict[str, str]) -> Organisation:
    point = facts.division(row["adcode"])
    return Organisation(row["name"], row["kind"], row["adcode"], point.lat, point.lon)


def units() -> list[Unit]:
    """The mobile museum, which stays for weeks, and two caravans, which make day trips."""
    return [_unit(row) for row in facts.rows("made_units.csv")]


def _unit(row: dict[str, str]) -> Unit:
    return Unit(
        name=row["name"],
        kind=row["kind"],
        adcode=row["adcode"],
        min_dwell_days=int(row["min_dwell_days"]),
        max_dwell_days=int(row["max_dwell_days"]),
        setup_days=int(row["setup_days"]),
        topics=tuple(row["topics"].split()),
        grades=facts.numbers(row["grades"]),
        max_group=int(row["max_group"]),
        travel_limit_km=int(row["travel_limit_km"]),
    )
