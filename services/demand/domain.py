"""What a school may ask for, when it may still change its mind, and where a request stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from uuid import UUID, uuid5

from schemas.refusal import FieldError, Refusal, Stale

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991
# An expert may be at the venue of a visit, or give an exhibition's opening lecture.
ACCOMPANIED_KINDS = frozenset({"visit", "exhibition"})
CHOICES = ("topic", "programme_id", "venue_id", "expert_id")
# An expert comes to the school with no programme and to no venue; a travelling unit has no venue.
PROGRAMME_KINDS = frozenset({"visit", "exhibition", "training"})
VENUE_KINDS = frozenset({"visit", "training"})
EXPERT_KINDS = frozenset({"expert", "training"})
SCHOOL_KINDS = frozenset({"school", "university"})
YEARS = range(2000, 2101)
LESSON_KINDS = frozenset({"school_day", "makeup"})
EDITABLE = frozenset({"submitted", "unserved"})
WITHDRAWABLE = EDITABLE | {"offered", "confirmed"}

_CITY_DIGITS = 4
SHORTEST_WINDOW = timedelta(minutes=30)
LARGEST_CLASS = 55
LONGEST_WINDOW = timedelta(days=92)
FURTHEST_WINDOW = timedelta(days=400)

# Wider than the stage's name says where schools are joined: 九年一贯制, 完全中学, primary with 学前班.
STAGE_GRADES: Mapping[str, range] = {
    "K": range(1),
    "P": range(7),
    "J": range(1, 10),
    "S": range(7, 13),
    "V": range(10, 13),
    "X": range(13),
    "U": range(13, 14),
}
# Names under which the calendar's and the terms' facts are published; never change it.
_SPACE = UUID("7f3c1a52-9d1b-5e0a-8c55-20c6d7d3b902")

# What a match's state means to the school; any other state is still, or no longer, the matcher's business.
_SEEN_AS = {
    "delivered": "delivered",
    "no_show": "no_show",
    "confirmed": "confirmed",
    "offered": "offered",
    "confirming": "offered",
}
_PRECEDENCE = ("delivered", "no_show", "confirmed", "offered")
_ENDED = frozenset({"declined", "expired", "cancelled", "superseded"})


class SchoolNotRegistered(Refusal):
    """The acting organisation has not been registered as a school yet."""

    code = "school_not_registered"


class RequestClosed(Refusal):
    """The request stands where it can no longer be changed this way; `state` says where."""

    code = "request_closed"


class RoundOver(Refusal):
    """The request's round takes no more changes."""

    code = "round_over"


class NothingToAlter(Refusal):
    """The change names no field."""

    code = "nothing_to_alter"


class PreconditionRequired(Refusal):
    """There is something to overwrite already, so the caller must say which version it has read."""

    code = "precondition_required"


@dataclass(frozen=True, slots=True)
class Mandate:
    """Who asks: a user, acting in a role for an organisation whose district is `area`."""

    user_id: UUID
    organisation_id: UUID
    role: str
    area: str

    @property
    def sees_all(self) -> bool:
        """Whether nothing is hidden from this mandate."""
        return self.role == "operator"

    @property
    def prefix(self) -> str:
        """What the adcodes of the mandate's area begin with."""
        return area_prefix(self.area)

    def covers(self, adcode: str) -> bool:
        """Whether `adcode` lies in the mandate's area and the role looks after that area."""
        return self.sees_all or (self.role == "coordinator" and adcode.startswith(self.prefix))

    def sees(self, school_id: UUID, adcode: str) -> bool:
        """Whether the mandate may know of this school and its requests."""
        return school_id == self.organisation_id or self.covers(adcode)

    def may_register(self, school_id: UUID, adcode: str) -> bool:
        """Whether the mandate may say what this school is like."""
        return self.covers(adcode) or (self.role == "head" and school_id == self.organisation_id)


@dataclass(frozen=True, slots=True)
class Window:
    """One time that would suit the school; the end is exclusive."""

    starts_at: datetime
    ends_at: datetime

    def days(self) -> Iterator[date]:
        """The days in China that it touches."""
        day, last = self.starts_at.astimezone(CHINA).date(), _last_day(self.ends_at)
        while day <= last:
            yield day
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a school would like; of its members one is named."""

    topic: str | None = None
    programme_id: str | None = None
    venue_id: str | None = None
    expert_id: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The members that are named."""
        return tuple(name for name in CHOICES if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a school asks for, apart from which round it is asked in."""

    kind: str
    topics: tuple[str, ...]
    programme_id: UUID | None
    grades: tuple[int, ...]
    audience: str
    group_size: int
    windows: tuple[Window, ...]
    with_expert: bool = False
    may_split: bool | None = None
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class School:
    """What a wish is held against."""

    stage: str
    grades: frozenset[int]
    adcode: str
    enrolment: int


@dataclass(frozen=True, slots=True)
class Round:
    """A window in which requests are pooled; `opens_at` belongs to it, `closes_at` does not."""

    adcode: str
    opens_at: datetime
    closes_at: datetime
    state: str

    def takes(self, now: datetime) -> bool:
        """Whether requests may be submitted and changed."""
        return self.state == "open" and self.opens_at <= now < self.closes_at


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an area; both days belong to it."""

    adcode: str
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class SchoolDays:
    """The calendar of the years that were loaded, and all terms."""

    kinds: Mapping[date, str]
    years: frozenset[int]
    terms: tuple[Term, ...]

    def teaches(self, day: date, adcode: str) -> bool:
        """Whether lessons are given on `day` in the district `adcode`; the day's year must be loaded."""
        if self.kinds.get(day) not in LESSON_KINDS:
            return False
        terms = self._terms_of(adcode)
        return not terms or any(term.first_day <= day <= term.last_day for term in terms)

    def _terms_of(self, adcode: str) -> list[Term]:
        """The terms of the district, else those of the nearest area above it that has any."""
        for area in (adcode, adcode[:4] + "00", adcode[:2] + "0000"):
            found = [term for term in self.terms if term.adcode == area]
            if found:
                return found
        return []


@dataclass(frozen=True, slots=True)
class MatchFact:
    """One match of a request, as last heard of."""

    match_id: UUID
    state: str
    reason_code: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands, why, and by which match."""

    state: str
    reason: str | None
    match_id: UUID | None


def complaints(
    wish: Wish, school: School, days: SchoolDays, *, now: datetime, with_windows: bool = True
) -> list[FieldError]:
    """Everything that is wrong with a wish; windows that were accepted before are not held against time."""
    found = [
        *_content_errors(wish),
        *_choice_errors(wish),
        *_group_errors(wish, school),
        *_grade_errors(wish, school),
    ]
    if with_windows:
        found += _window_errors(wish.windows, school, days, now, wish.audience == "pupils")
    return found


def round_complaint(round_: Round | None, adcode: str, now: datetime) -> str | None:
    """The code of why a school in `adcode` cannot ask in this round now, or None."""
    if round_ is None:
        return "round_unknown"
    if not adcode.startswith(area_prefix(round_.adcode)):
        return "round_elsewhere"
    if round_.state == "open" and now < round_.opens_at:
        return "round_not_open_yet"
    return None if round_.takes(now) else "round_closed"


def school_complaints(stage: str, grades: Iterable[int]) -> list[FieldError]:
    """Grades that a school of this stage cannot have."""
    return [
        FieldError(f"grades[{position}]", "grade_not_of_stage", {"stage": stage})
        for position, grade in enumerate(grades)
        if grade not in STAGE_GRADES[stage]
    ]


def standing(matches: Sequence[MatchFact], unserved_because: str | None) -> Standing:
    """Where a request that was not withdrawn stands, by its matches and the verdict that counts."""
    live = {_SEEN_AS[each.state]: each for each in matches if each.state in _SEEN_AS}
    for state in _PRECEDENCE:
        if state in live:
            return Standing(state, None, live[state].match_id)
    if unserved_because is not None:
        return Standing("unserved", unserved_because, None)
    return Standing("submitted", _last_end(matches), None)


def year_complaints(year: int, days: Sequence[date]) -> list[FieldError]:
    """What keeps a list of days from being exactly the days of `year`."""
    found, seen = [], set()
    for position, day in enumerate(days):
        if day.year != year:
            found.append(FieldError(f"days[{position}].day", "day_outside_year", {"year": year}))
        elif day in seen:
            found.append(FieldError(f"days[{position}].day", "duplicate"))
        seen.add(day)
    if not found and len(seen) != days_in(year):
        found.append(FieldError("days", "days_missing", {"year": year, "count": days_in(year) - len(seen)}))
    return found


def term_complaints(terms: Sequence[Term]) -> list[FieldError]:
    """Terms that end before they begin, or overlap another one of their area."""
    found = []
    for position, term in enumerate(terms):
        if term.last_day < term.first_day:
            found.append(FieldError(f"items[{position}].last_day", "term_ends_before_start"))
        elif any(_overlap(term, other) for other in terms[:position]):
            found.append(FieldError(f"items[{position}].first_day", "terms_overlap"))
    return found


def check_version(version: int | None, if_version: int | None, *, changes: bool) -> None:
    """Judge what an overwriting is based on; `version` is the one that there is, None before the first.

    Raises Stale for another one, also where nothing would change, and PreconditionRequired where what there
    is would change and no version was named.
    """
    if if_version is None and version is not None and changes:
        raise PreconditionRequired(field="If-Match")
    if if_version is not None and if_version != version:
        raise Stale()


def may_split(*, said: bool | None, kind: str, with_expert: bool, group_size: int) -> bool:
    """Whether a group may come in parts: as the school says, else if it is of more than one class.

    Only a visit may, and none that an expert accompanies.
    """
    allowed = group_size > LARGEST_CLASS if said is None else said
    return allowed and kind == "visit" and not with_expert


def area_prefix(adcode: str) -> str:
    """What everything under `adcode` begins with: 1504 for the city 150400, 150402001 for a township."""
    if len(adcode) == 12:
        return adcode.removesuffix("000")
    while len(adcode) > 2 and adcode.endswith("00"):
        adcode = adcode[:-2]
    return adcode


def loads_calendar(mandate: Mandate) -> bool:
    """Whether the mandate may replace calendar and terms: an operator, or a coordinator of a whole city."""
    return mandate.sees_all or (mandate.role == "coordinator" and len(mandate.prefix) <= _CITY_DIGITS)


def days_in(year: int) -> int:
    """How many days the year has."""
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def calendar_id(year: int) -> UUID:
    """The id under which a year's calendar is published."""
    return uuid5(_SPACE, f"calendar:{year}")


def terms_id() -> UUID:
    """The id under which the terms are published."""
    return uuid5(_SPACE, "terms")


def term_id(term: Term) -> UUID:
    """A term's id, the same after each load."""
    return uuid5(_SPACE, f"term:{term.adcode}:{term.first_day.isoformat()}")


def _content_errors(wish: Wish) -> Iterator[FieldError]:
    if not wish.topics and wish.programme_id is None:
        yield FieldError("topics", "topics_or_programme")
    if wish.programme_id is not None and wish.kind == "expert":
        yield FieldError("programme_id", "programme_not_for_kind", {"kind": wish.kind})
    if wish.kind == "training" and wish.audience == "pupils":
        yield FieldError("audience", "audience_not_for_kind", {"kind": wish.kind})
    if wish.with_expert and wish.kind not in ACCOMPANIED_KINDS:
        yield FieldError("with_expert", "expert_not_for_kind", {"kind": wish.kind})
    if wish.may_split and (wish.kind != "visit" or wish.with_expert):
        yield FieldError("may_split", "split_not_for_kind", {"kind": wish.kind})


def _choice_errors(wish: Wish) -> Iterator[FieldError]:
    for position, choice in enumerate(wish.choices):
        where, names = f"choices[{position}]", choice.named
        if len(names) != 1:
            yield FieldError(where, "choice_of_one")
        elif choice in wish.choices[:position]:
            yield FieldError(f"{where}.{names[0]}", "duplicate")
        elif code := _contradiction(wish, choice, names[0]):
            yield FieldError(f"{where}.{names[0]}", code, {"kind": wish.kind})


def _contradiction(wish: Wish, choice: Choice, name: str) -> str | None:
    """Why nothing that the request could get would ever meet the choice, or None."""
    if not _goes_with_kind(wish, name):
        return "choice_not_for_kind"
    if choice.topic is not None and wish.topics and choice.topic not in wish.topics:
        return "choice_outside_topics"
    only = wish.programme_id
    if only is not None and choice.programme_id not in (None, str(only)):
        return "choice_outside_programme"
    return None


def _goes_with_kind(wish: Wish, name: str) -> bool:
    if name == "expert_id":
        return wish.with_expert or wish.kind in EXPERT_KINDS
    kinds = {"programme_id": PROGRAMME_KINDS, "venue_id": VENUE_KINDS}
    return wish.kind in kinds.get(name, {wish.kind})


def _group_errors(wish: Wish, school: School) -> Iterator[FieldError]:
    if wish.audience == "pupils" and wish.group_size > school.enrolment:
        yield FieldError("group_size", "group_over_enrolment", {"enrolment": school.enrolment})


def _grade_errors(wish: Wish, school: School) -> Iterator[FieldError]:
    for position, grade in enumerate(wish.grades):
        if grade not in school.grades:
            yield FieldError(f"grades[{position}]", "grade_not_taught", {"grade": grade})


def _window_errors(
    windows: Sequence[Window], school: School, days: SchoolDays, now: datetime, bound_to_lessons: bool
) -> Iterator[FieldError]:
    for position, window in enumerate(windows):
        wrong = _window_error(window, now) or _no_lessons(window, school, days, bound_to_lessons)
        if wrong is None and window in windows[:position]:
            wrong = "starts_at", "duplicate"
        if wrong:
            yield FieldError(f"windows[{position}].{wrong[0]}", wrong[1])


def _window_error(window: Window, now: datetime) -> tuple[str, str] | None:
    if window.ends_at <= window.starts_at:
        return "ends_at", "window_ends_before_start"
    if window.starts_at <= now:
        return "starts_at", "window_in_past"
    if window.ends_at - window.starts_at < SHORTEST_WINDOW:
        return "ends_at", "window_too_short"
    if window.ends_at - window.starts_at > LONGEST_WINDOW:
        return "ends_at", "window_too_long"
    return ("starts_at", "window_too_far") if window.starts_at > now + FURTHEST_WINDOW else None


def _no_lessons(
    window: Window, school: School, days: SchoolDays, bound_to_lessons: bool
) -> tuple[str, str] | None:
    """Only pupils are bound to days with lessons: teachers are trained, and parents come, in holidays too."""
    touched = list(window.days())
    if not days.years.issuperset(day.year for day in touched):
        return "starts_at", "calendar_not_loaded"
    if bound_to_lessons and not any(days.teaches(day, school.adcode) for day in touched):
        return "starts_at", "no_school_day"
    return None


def _last_day(ends_at: datetime) -> date:
    return (ends_at.astimezone(CHINA) - timedelta(microseconds=1)).date()


def _last_end(matches: Sequence[MatchFact]) -> str | None:
    """Why the youngest ended match ended: its reason, else `match_<end>`. Match ids sort by age."""
    ended = sorted((each for each in matches if each.state in _ENDED), key=lambda each: each.match_id)
    return (ended[-1].reason_code or f"match_{ended[-1].state}") if ended else None


def _overlap(one: Term, other: Term) -> bool:
    same = one.adcode == other.adcode
    return same and one.first_day <= other.last_day and other.first_day <= one.last_day
