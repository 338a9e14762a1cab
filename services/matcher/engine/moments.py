"""When an expert or a unit could come: the moments in a window of a wish, found once for all who name it.

What is found here does not depend on the place of the wish; whether the way there leaves time is asked after.
Codes of refusal are gathered in sets of bits, so that the one that came nearest to passing is the highest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from services.matcher.engine import calendar, daylight, journeys, tours
from services.matcher.engine.days import day_of
from services.matcher.engine.journeys import Diary, KnownRoads
from services.matcher.engine.model import DAY, Busy, Expert, Key, Place, Problem, Unit, Window, Wish

OPENING, CLOSING, SHORTEST = 8 * 60, 17 * 60, 120
# How near a resource came to passing, for those that are tried at several times.
_ORDER = (
    "dwell", "availability", "lead_time", "calendar_not_loaded", "school_day",
    "cap_day", "cap_week", "cap_month", "busy", "travel", "rest", daylight.DAYLIGHT, tours.MILEAGE,
)  # fmt: skip
Owner = TypeVar("Owner", bound=Expert | Unit)
_BITS = {code: 1 << depth for depth, code in enumerate(_ORDER)}


class Time(NamedTuple):
    """A time that somebody could take, from `occupied` on; equal to its legs' last numbers."""

    start: int
    end: int
    occupied: int


class Times(NamedTuple):
    """Times that are free of refusals, and the codes of those that are not, as bits."""

    free: tuple[Time, ...]
    refusals: int = 0


def bit(code: str) -> int:
    """A code among refusals."""
    return _BITS[code]


def deepest(refusals: int) -> str:
    """The code that came nearest to passing."""
    return _ORDER[refusals.bit_length() - 1]


_NEVER = Times(())
# Free times of somebody in some windows, and the codes of the rest as bits.
Gathered = tuple[Sequence[Time], int]


class _Kept(dict[int, Times]):
    """Times in one window by the number of the expert or the unit, found when first asked for."""

    def __init__(self, find: Callable[[int], Times]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, number: int) -> Times:
        found = self[number] = self._find(number)
        return found


class _Moments(Generic[Owner]):
    """What sessions and stops share: diaries, kept times, and how times are gathered."""

    nearest = ""

    def __init__(self, problem: Problem, roads: KnownRoads, owners: Sequence[Owner]) -> None:
        self._problem, self._roads = problem, roads
        self._owners: Sequence[Owner] = owners
        self._kept: dict[tuple[Key, ...], _Kept] = {}
        self._diaries: dict[int, Diary] = {}
        self._longest: int | None = None
        self._closed: dict[tuple[str | None, int], str | None] = {}

    def closed(self, wish: Wish, day: int) -> str | None:
        """Why the calendar lets nothing of the wish take place on that day, or None."""
        key = (ground(wish), day)
        if key not in self._closed:
            self._closed[key] = calendar.day_refusal(self._problem, wish, day * DAY)
        return self._closed[key]

    def diary(self, number: int) -> Diary:
        """What the owner of that number has already."""
        if number not in self._diaries:
            self._diaries[number] = Diary(self._roads, self._owners[number], self._margin())
        return self._diaries[number]

    def gathered(self, number: int, pieces: Iterable[_Kept], place: Place) -> Gathered:
        """All times in these windows at which the owner of that number can be at `place`."""
        free: list[Time] = []
        refusals = _BITS[self.nearest]
        for piece in pieces:
            times = piece[number]
            if times is not _NEVER:
                free += times.free
                refusals |= times.refusals
        if free and _is_bound(self._owners[number]):
            return self._in_time(number, free, refusals, place)
        return free, refusals

    def _in_time(self, number: int, free: Iterable[Time], refusals: int, place: Place) -> Gathered:
        found, diary = [], self.diary(number)
        for time in free:
            wanted = Busy(time.occupied, time.end, place)
            code = diary.time_refusal(wanted) or self._on_the_road(number, wanted)
            if code:
                refusals |= _BITS[code]
            else:
                found.append(time)
        return found, refusals

    def _on_the_road(self, number: int, wanted: Busy) -> str | None:
        """MILEAGE if a unit's budget does not last for one stop more, DAYLIGHT if it would be dark."""
        owner, sun = self._owners[number], self._problem.sun
        if isinstance(owner, Unit):
            return tours.MILEAGE if tours.is_too_far(self._roads, owner, wanted, owner.busy) else None
        if sun is None or not owner.daylight_only:
            return None
        return daylight.DAYLIGHT if daylight.is_dark(self._roads, sun, owner, wanted) else None

    def _margin(self) -> int:
        """The longest journey between any two places of the problem."""
        if self._longest is None:
            asked = {wish.place for wish in self._problem.wishes}
            venues = {slot.place for slot in self._problem.slots if slot.place}
            everybody: tuple[Expert | Unit, ...] = (*self._problem.experts, *self._problem.units)
            taken = {busy.place for owner in everybody for busy in owner.busy}
            self._longest = self._roads.longest(tuple(asked | venues | taken))
        return self._longest


class Sessions(_Moments[Expert]):
    """Moments at which experts could begin, day by day.

    Caps and the calendar are the same for all moments of a day, and most experts share their hours.
    """

    nearest = "availability"

    def __init__(self, problem: Problem, roads: KnownRoads) -> None:
        super().__init__(problem, roads, problem.experts)
        self._hours: dict[int, dict[int, tuple[Window, ...]]] = {}
        self._caps: dict[tuple[int, int], str | None] = {}
        self._begun: dict[tuple[tuple[Window, ...], int], Times] = {}

    def pieces(
        self, wish: Wish, minutes: int, hours: Sequence[Window] | None = None
    ) -> list[tuple[int, _Kept]]:
        """The days of a wish, or of these hours, in their order, for sessions of so many minutes."""
        known = self._kept
        found = []
        for day, parts in _by_day(wish.windows if hours is None else hours):
            key = (parts, minutes, self.closed(wish, day))
            if key not in known:
                known[key] = _Kept(partial(self._find, day, *key))
            found.append((day, known[key]))
        return found

    def of(self, number: int, pieces: Iterable[tuple[int, _Kept]], place: Place) -> Gathered:
        """All moments on these days at which the expert of that number can begin at `place`."""
        hours = self._windows(number)
        return self.gathered(number, [piece for day, piece in pieces if day in hours], place)

    def refusal(self, number: int, wanted: Busy) -> str | None:
        """What keeps one more appointment of the expert of that number out, or None."""
        full = self._full(number, day_of(wanted.start))
        return full or self.diary(number).time_refusal(wanted) or self._on_the_road(number, wanted)

    def _full(self, number: int, day: int) -> str | None:
        """The cap that leaves no room for one more on that day."""
        if (number, day) not in self._caps:
            self._caps[number, day] = self.diary(number).cap_refusal(day * DAY)
        return self._caps[number, day]

    def _find(
        self, day: int, parts: tuple[Window, ...], minutes: int, closed: str | None, number: int
    ) -> Times:
        """Moments in parts of a day, which may be `closed` by the calendar."""
        theirs = self._windows(number).get(day, ())
        shared = tuple(both for part in parts for each in theirs if (both := calendar.overlap(part, each)))
        times = self._begin(shared, minutes) if shared else _NEVER
        code = times.free and (closed or self._full(number, day))
        return Times((), times.refusals | _BITS[code]) if code else times

    def _begin(self, shared: tuple[Window, ...], minutes: int) -> Times:
        """Moments at which a session may begin in the hours of a day that both have."""
        if (shared, minutes) not in self._begun:
            grid = self._problem.starts
            begin = sorted({at for both in shared for at in calendar.session_starts(both, minutes, grid)})
            self._begun[shared, minutes] = _times((Time(at, at + minutes, at) for at in begin), self._early)
        return self._begun[shared, minutes]

    def _early(self, time: Time) -> str | None:
        return "lead_time" if time.start < self._problem.earliest else None

    def _windows(self, number: int) -> dict[int, tuple[Window, ...]]:
        if number not in self._hours:
            self._hours[number] = dict(_by_day(self._problem.experts[number].windows))
        return self._hours[number]


class Stops(_Moments[Unit]):
    """Stays for which units could come, window by window."""

    nearest = "dwell"

    def __init__(self, problem: Problem, roads: KnownRoads) -> None:
        super().__init__(problem, roads, problem.units)
        self._known: dict[tuple[Window, int, int], tuple[Time, ...]] = {}

    def pieces(self, wish: Wish) -> list[_Kept]:
        """The windows of a wish."""
        known, area = self._kept, ground(wish)
        for window in wish.windows:
            if (window, area) not in known:
                known[window, area] = _Kept(partial(self._find, wish, window))
        return [known[window, area] for window in wish.windows]

    def _find(self, wish: Wish, window: Window, number: int) -> Times:
        unit = self._problem.units[number]
        return _times(self._stays(window, unit), lambda stay: self._refusal(wish, unit, stay))

    def _stays(self, window: Window, unit: Unit) -> tuple[Time, ...]:
        key = (window, unit.min_days, unit.setup_days)
        if key not in self._known:
            self._known[key] = tuple(_stays(*key))
        return self._known[key]

    def _refusal(self, wish: Wish, unit: Unit, stay: Time) -> str | None:
        if stay.occupied < self._problem.earliest:
            return "lead_time"
        if unit.windows and not journeys.covered(unit.windows, stay.occupied, stay.end):
            return "availability"
        return self.closed(wish, day_of(stay.start))


def _is_bound(owner: Expert | Unit) -> bool:
    """Whether it depends on the place when they can be there."""
    bound = owner.daylight_only if isinstance(owner, Expert) else owner.km_budget is not None
    return bound or bool(owner.busy)


def opening(stay: Time) -> Window:
    """The hours of a stay's first day, in which it may be opened."""
    return Window(stay.start, min(stay.end, day_of(stay.start) * DAY + CLOSING))


def ground(wish: Wish) -> str | None:
    """What the calendar reads of a wish: its area, if it is for pupils."""
    return wish.area if wish.audience == "pupils" else None


def _times(times: Iterable[Time], refusal: Callable[[Time], str | None]) -> Times:
    free, refusals = [], 0
    for time in times:
        code = refusal(time)
        if code:
            refusals |= _BITS[code]
        else:
            free.append(time)
    return Times(tuple(free), refusals)


def _by_day(windows: Iterable[Window]) -> list[tuple[int, tuple[Window, ...]]]:
    """Windows cut at midnight, the parts of one day together, in the order of days."""
    found: dict[int, list[Window]] = defaultdict(list)
    for start, end in windows:
        for day in range(day_of(start), day_of(end - 1) + 1):
            begin, finish = day * DAY, (day + 1) * DAY
            part = (start if start > begin else begin, end if end < finish else finish)
            found[day].append(tuple.__new__(Window, part))
    return [(day, tuple(parts)) for day, parts in sorted(found.items())]


def _stays(window: Window, days: int, setup_days: int) -> Iterator[Time]:
    """Stays of so many days inside a window, from opening on the first day to closing on the last.

    Something must be shown on both. A unit is taken from the first of its set-up days on.
    """
    for first in range(day_of(window.start), day_of(window.end - 1) - days + 2):
        morning, evening = first * DAY, (first + days - 1) * DAY
        start, end = max(window.start, morning + OPENING), min(window.end, evening + CLOSING)
        arrived = min(window.end, morning + CLOSING) - start
        leaving = end - max(window.start, evening + OPENING)
        if arrived >= SHORTEST and leaving >= SHORTEST:
            yield Time(start, end, morning - setup_days * DAY if setup_days else start)
