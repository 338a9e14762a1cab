"""What serving a wish is worth, in public words: pupils x need x fit, in whole points."""

from __future__ import annotations

from collections.abc import Sequence

from services.matcher.engine.model import HUNDRED, Programme, Wish

NEVER_SERVED = 40
RURAL = 25
SMALL_SCHOOL = 15
LONG_AGO = 20
SMALL_ENROLMENT = 300
LONG_AGO_DAYS = 180

TOPIC_SHARE = 20
LANGUAGE_SHARE = 10
DISTANCE_SHARE = 20
SPLIT_SHARE = 5
CHOICE_SHARE = 15
WINDOW_SHARE = 10


def need(*, days_since_served: int | None, rural: bool, enrolment: int) -> int:
    """Percent: 100 for an ordinary school; more if never (None) or long not served, rural, small."""
    return (
        HUNDRED
        + _waiting(days_since_served)
        + (RURAL if rural else 0)
        + (SMALL_SCHOOL if enrolment < SMALL_ENROLMENT else 0)
    )


def fit(wish: Wish, *, topics: frozenset[str], languages: frozenset[str], km: float) -> int:
    """Percent from 50 to 100: topics met, preferred language spoken, and how near it is."""
    return (
        HUNDRED
        - _missed(TOPIC_SHARE, _share_met(wish.topics, topics))
        - (0 if speaks(wish, languages) else LANGUAGE_SHARE)
        - _missed(DISTANCE_SHARE, 1 - min(1.0, km / wish.limit_km))
    )


def fit_of_parts(fits: Sequence[int]) -> int:
    """Percent for a group in parts suited so well: their mean, less something for each but the first."""
    return sum(fits) // len(fits) - lost_by_parts(len(fits))


def lost_by_parts(number: int) -> int:
    """Percent that a group in so many parts is suited less."""
    return SPLIT_SHARE * (number - 1)


def lost_by_rank(share: int, rank: int | None, number: int) -> int:
    """Percent lost where of `number` choices that with the rank is met, from 0; None: all the share."""
    return share * (number if rank is None else rank) // number if number else 0


def value(wish: Wish, fit_percent: int) -> int:
    """Points, at least one: tenths of a pupil of an ordinary school served perfectly."""
    return max(1, wish.size * wish.need * fit_percent // 1000)


def speaks(wish: Wish, languages: frozenset[str]) -> bool:
    """Whether the wish's language is spoken; none named means any."""
    return not languages or wish.language in languages


def topics_of(wish: Wish, programme: Programme | None) -> frozenset[str]:
    """The topics to look for: the wish's own, or those of the programme that it names."""
    return programme.topics if programme and not wish.topics else wish.topics


def _waiting(days: int | None) -> int:
    if days is None:
        return NEVER_SERVED
    return LONG_AGO if days >= LONG_AGO_DAYS else 0


def _share_met(wanted: frozenset[str], offered: frozenset[str]) -> float:
    return len(wanted & offered) / len(wanted) if wanted else 1.0


def _missed(share: int, met: float) -> int:
    return round(share * (1 - met))
