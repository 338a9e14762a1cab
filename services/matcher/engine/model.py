"""The matching problem and its solution as plain values.

Times are whole minutes of the region's local time since 1970-01-01 00:00, so that a day is `minute // 1440`.
Keys are whatever the caller identifies things by; the engine only compares them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

Key = Hashable
Kind = Literal["slot", "unit", "expert"]
DAY = 24 * 60
HUNDRED = 100


class Place(NamedTuple):
    """A point on the map, degrees WGS 84."""

    lat: float
    lon: float


class Roads(Protocol):
    """Distances and journeys; one formula for the whole product, given in by the caller."""

    def km(self, a: Place, b: Place) -> float:
        """Road kilometres from `a` to `b`."""
        ...

    def minutes(self, a: Place, b: Place, month: int) -> int:
        """Minutes on the road in that month (1 to 12)."""
        ...


class Sun(Protocol):
    """When there is daylight; one formula for the whole product, given in by the caller."""

    def daylight(self, place: Place, day: int) -> tuple[int, int]:
        """The minutes of that day (since 1970-01-01) at which the sun rises and sets at `place`."""
        ...


class Window(NamedTuple):
    """A half-open interval."""

    start: int
    end: int


class Busy(NamedTuple):
    """What an expert or a unit already has: not to be moved, counted in the caps."""

    start: int
    end: int
    place: Place


class Use(NamedTuple):
    """So much of a pool, from `start` up to `end`."""

    pool: Key
    start: int
    end: int
    quantity: int = 1


class Choice(NamedTuple):
    """What a school would like best: a topic, a programme, a venue or an expert."""

    kind: Literal["topic", "programme", "venue", "expert"]
    key: Key


class Claim(NamedTuple):
    """What a wish takes of a pool if it is served: one, for the one of `spans` in which that begins.

    Without spans it takes one as long as the group is on its way and there: a group cannot be in two places.
    """

    pool: Key
    spans: tuple[Window, ...] = ()


class Need(NamedTuple):
    """What each group takes of a pool of the provider's while its session lasts."""

    pool: Key
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Pool:
    """What many share: at no moment may the uses going on come to more than `limit`.

    `code` is the reason of who finds nothing left of it; `taken` is what is used already.
    """

    key: Key
    limit: int
    code: str
    taken: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """A request as the engine sees it; `need` is in percent, `rounds` says whose capacity it may use.

    `with_expert`: a visit wants an expert at the venue, an exhibition one who opens it at the school.
    `may_join`: a group too small for a session may come to it together with others.
    `may_split`: a visit that is too large for one slot may come in parts.
    `choices` are what it would like, best first; `window_order` its windows, best first, if they have an
    order. Neither rules anything out.
    """

    key: Key
    kind: str
    size: int
    place: Place
    area: str
    stage: str
    windows: tuple[Window, ...]
    topics: frozenset[str] = frozenset()
    programme: Key | None = None
    grades: frozenset[int] = frozenset()
    audience: str = "pupils"
    limit_km: float = 100.0
    language: str = "zh"
    language_required: bool = False
    with_expert: bool = False
    need: int = HUNDRED
    township: str = ""
    rounds: frozenset[Key] = frozenset({None})
    excluded: frozenset[tuple[Kind, Key]] = frozenset()
    claims: tuple[Claim, ...] = ()
    may_join: bool = False
    may_split: bool = False
    choices: tuple[Choice, ...] = ()
    window_order: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Programme:
    """What may be offered in a slot or by a unit; empty `grades`, `languages` or `stages` mean any.

    What is `online` has no place: the group takes part where it is.
    """

    key: Key
    kind: str
    topics: frozenset[str]
    audiences: frozenset[str] = frozenset({"pupils"})
    grades: frozenset[int] = frozenset()
    stages: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    min_group: int = 1
    max_group: int = 10_000
    minutes: int = 90
    unit: Key | None = None
    online: bool = False
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A dated occurrence with what is left of it: `seats`, and `groups` if their number is limited.

    `place` is None online; `venue` is whose place it is, for who chooses it.
    """

    key: Key
    programme: Key
    place: Place | None
    start: int
    end: int
    seats: int
    groups: int | None = None
    round: Key | None = None
    venue: Key | None = None


@dataclass(frozen=True, slots=True)
class Expert:
    """Somebody who may come; caps are on live appointments by day, week (from Monday) and month.

    `rest_minutes` pass between the end of an appointment and setting out for the next.
    `daylight_only`: they are on the road between sunrise and sunset only.
    """

    key: Key
    topics: frozenset[str]
    home: Place
    windows: tuple[Window, ...]
    audiences: frozenset[str] = frozenset({"pupils"})
    grades: frozenset[int] = frozenset()
    languages: frozenset[str] = frozenset()
    limit_km: float | None = None
    cap_day: int | None = None
    cap_week: int | None = None
    cap_month: int | None = None
    rest_minutes: int = 0
    daylight_only: bool = False
    busy: tuple[Busy, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A travelling unit; `busy` includes set-up days, empty `windows` mean always on the road.

    `km_budget` is how many kilometres of road its tours may come to in a month.
    """

    key: Key
    topics: frozenset[str]
    base: Place
    min_days: int
    setup_days: int = 0
    grades: frozenset[int] = frozenset()
    languages: frozenset[str] = frozenset()
    min_group: int = 1
    max_group: int = 10_000
    limit_km: float | None = None
    windows: tuple[Window, ...] = ()
    round: Key | None = None
    km_budget: int | None = None
    busy: tuple[Busy, ...] = ()


class Already(NamedTuple):
    """People of a township who are not among the wishes: so many asked, and so many of them are served."""

    area: str
    township: str
    demand: int
    served: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything that is solved together.

    `lesson_days` are the days with lessons by area, `known_days` all days that the calendar covers;
    `fairness` is how much of the fair plan each district and township is to keep, in percent (0: nothing).
    `already` is what shares count beside the wishes.
    `earliest` is the first minute at which anything may begin. `starts` are the minutes of the day at which
    a lecture may begin. `seed` breaks ties; `salt` hides in the papers whose wish is whose.
    `others` holds, by wish, what is there for other rounds only.
    Without a `sun` it is always light.
    """

    wishes: tuple[Wish, ...]
    programmes: Mapping[Key, Programme]
    slots: tuple[Slot, ...]
    experts: tuple[Expert, ...]
    units: tuple[Unit, ...]
    roads: Roads
    lesson_days: Mapping[str, frozenset[int]]
    known_days: frozenset[int]
    earliest: int
    seed: str = ""
    salt: str = ""
    starts: tuple[int, ...] = (9 * 60, 10 * 60 + 30, 14 * 60, 15 * 60 + 30)
    session_minutes: int = 60
    fairness: int = 0
    pools: tuple[Pool, ...] = ()
    sun: Sun | None = None
    already: tuple[Already, ...] = ()


class Leg(NamedTuple):
    """One resource of an option; `occupied` is when its time begins to be taken (set-up days included)."""

    kind: Kind
    resource: Key
    programme: Key | None
    start: int
    end: int
    occupied: int
    quantity: int
    place: Place


class Member(NamedTuple):
    """One of several wishes that come together: its size, and what serving it is worth, in points."""

    wish: int
    size: int
    value: int


class Option(NamedTuple):
    """One way to serve one wish, all legs or none; `value` in points. It uses each pool at most once.

    Of two legs the expert's comes first, and its time lies within the other's. A `company` are all of several
    wishes that are served together, in one leg of their summed size, the option's own wish first.
    Of two legs the expert's comes first, and its time lies within the other's. Several slots are those of a
    group in parts, in order of time.
    """

    wish: int
    legs: tuple[Leg, ...]
    value: int
    uses: tuple[Use, ...] = ()
    company: tuple[Member, ...] = ()

    @property
    def wishes(self) -> tuple[int, ...]:
        """All wishes that it serves."""
        return tuple(member.wish for member in self.company) or (self.wish,)

    def apart(self) -> tuple[Option, ...]:
        """Of a company one option for each member, with its own seats and worth; else the option itself."""
        if not self.company:
            return (self,)
        leg = self.legs[-1]
        return tuple(
            self._replace(wish=wish, legs=(leg._replace(quantity=size),), value=value)
            for wish, size, value in self.company
        )


# Whole numbers by name; those whose names end in `_day` are days since 1970-01-01.
Params = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """`count` resources of `kind` fell away by the rule `code`; `params` say by how much, where known."""

    kind: Kind
    code: str
    count: int
    params: Params = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What the hard rules left of the world for one wish."""

    candidates: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a solve may stop: seconds of search, and the gap that is good enough."""

    seconds: float = 20.0
    threads: int = 1
    gap: float = 0.0


class Progress(NamedTuple):
    """Where a solve stands; `value` and `bound` as far as they are known."""

    phase: str
    value: int | None = None
    bound: int | None = None


class Papers(NamedTuple):
    """What a stranger needs to check a solution: three JSON texts without a name in them.

    The fourth, `keys`, says what their numbers stand for, and is nobody's to read but ours.
    """

    problem: str
    solution: str
    certificate: str
    keys: str = ""


class GroupShare(NamedTuple):
    """People of a district, or of a township (`name` has two parts): how many ask, and how many are served.

    `already` are served before anything is chosen, and counted in all that follows: `fair` are served by the
    fair plan, `floor` are to be served at least, and `served` are by this plan.
    """

    name: tuple[Key, ...]
    demand: int
    already: int
    fair: int
    floor: int
    served: int


class FairnessTold(NamedTuple):
    """What fairness came to: the groups, the share (0 to 1) above which the lowest district's is in no plan,

    and what it costs by prices: so many points and people more could be had without floors. None where time
    was out before floors had prices; a share of 1 where nothing is proven.
    """

    groups: tuple[GroupShare, ...]
    highest: float
    value: int | None
    people: int | None


class Load(NamedTuple):
    """The most appointments that any expert has, those of before included: as found, and as shared out."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Solution:
    """The best options found, with the proof of how good they are.

    No choice of options can be worth more than `bound`. `status` is optimal, limit or stopped. `papers` hold
    the same for whoever does not believe it; None where nobody is to be shown them. `fairness` says how the
    districts fare, if that was asked; the bound is then that of plans that keep the floors. `load` says how
    the appointments were shared out among experts. `openly` is all
    it was found in, a solver's Solved, for whoever explains it; None if the solve was stopped before that.
    """

    chosen: tuple[Option, ...]
    value: int
    bound: int
    status: str
    options: int
    findings: Mapping[Key, Finding] = field(default_factory=dict)
    papers: Papers | None = None
    fairness: FairnessTold | None = None
    load: Load | None = None
    openly: object | None = field(default=None, repr=False, compare=False)

    @property
    def gap(self) -> float:
        """(bound - value) / bound, 0 when proven optimal."""
        return (self.bound - self.value) / self.bound if self.bound else 0.0
