"""The 120 programmes: what each provider offers, with topics, grades, concepts and modes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from deploy.demo import facts
from deploy.demo.dice import dice
from deploy.demo.providers import Venue, hosts, units, venues


@dataclass(frozen=True, slots=True)
class Theme:
    """A programme to be: topics by their Chinese names, core concepts by number."""

    title: str
    kind: str
    topics: tuple[str, ...]
    grades: tuple[int, ...]
    concepts: tuple[int, ...]
    modes: tuple[str, ...]
    minutes: int
    plan_task: str | None
    campaign: str | None
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme of one provider; at most one of `venue` and `unit` is named."""

    title: str
    theme: Theme
    owner: str
    venue: str | None
    unit: str | None
    place: str
    min_group: int
    max_group: int
    languages: tuple[str, ...]


@cache
def themes(group: str) -> tuple[Theme, ...]:
    """The themes of one group of the table: a venue's theme, `at_school` or `on_tour`."""
    return tuple(_theme(row) for row in facts.rows("made_themes.csv") if row["group"] == group)


def _theme(row: dict[str, str]) -> Theme:
    return Theme(
        title=row["title"],
        kind=row["kind"],
        topics=tuple(row["topics"].split()),
        grades=facts.numbers(row["grades"]),
        concepts=facts.numbers(row["concepts"]),
        modes=tuple(row["modes"].split()),
        minutes=int(row["minutes"]),
        plan_task=row["plan_task"] or None,
        campaign=row["campaign"] or None,
        audiences=tuple(row["audiences"].split()),
    )


@cache
def programmes() -> tuple[Programme, ...]:
    """80 at the venues, 28 at schools, 6 on tour and 6 online: 120, in a fixed order."""
    on_site = [_on_site(venue, theme) for venue in venues() for theme in themes(venue.theme)]
    return (*on_site, *_at_school(), *_on_tour(), *_online())


def _on_site(venue: Venue, theme: Theme) -> Programme:
    title = f"{theme.title}（{_short(venue.name)}·演示）"
    largest = min(venue.hall, 120)
    return Programme(title, theme, venue.name, venue.name, None, "on_site", 5, largest, _languages(title))


def _short(name: str) -> str:
    return name.split("（")[0].split(" /")[0]


def _languages(title: str) -> tuple[str, ...]:
    return ("zh", "mn") if dice("languages", title).random() < 0.2 else ("zh",)


def _at_school() -> list[Programme]:
    given = themes("at_school")
    names = [host.name for host in hosts()]
    pairs = [(owner, given[(n + k) % len(given)]) for n, owner in enumerate(names) for k in range(4)]
    return [_hosted(owner, theme, "at_school", 400) for owner, theme in pairs]


def _hosted(owner: str, theme: Theme, place: str, largest: int) -> Programme:
    title = f"{theme.title}（{_short(owner)}·演示）"
    return Programme(title, theme, owner, None, None, place, 5, largest, _languages(title))


def _on_tour() -> list[Programme]:
    return [_touring(unit.name, unit.max_group, theme) for unit in units() for theme in themes("on_tour")]


def _touring(unit: str, largest: int, theme: Theme) -> Programme:
    title = f"{theme.title}（{_short(unit)}·演示）"
    return Programme(title, theme, "", None, unit, "at_school", 20, largest, ("zh", "mn"))


def _online() -> list[Programme]:
    return [_remote(theme, host.name) for theme, host in zip(themes("at_school"), hosts(), strict=False)]


def _remote(theme: Theme, owner: str) -> Programme:
    title = f"{theme.title}在线课（{_short(owner)}·演示）"
    return Programme(title, theme, owner, None, None, "online", 1, 2000, ("zh",))
