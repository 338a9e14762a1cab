"""Tables of outcomes, as they stand in docs/what-if.md."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence

from services.matcher.engine.season_supply import DISTRICTS
from services.matcher.engine.simulate import Outcome, Share, moved

_NAMES = {district.adcode: district.name for district in DISTRICTS}
_NOTHING = Share(0, 0, 0)
Replay = tuple[int, Outcome, Outcome]


def side_by_side(before: Outcome, after: Outcome, change: str) -> Iterator[str]:
    """The two in all, by district, and who gains and who loses."""
    yield from (f"| | as it is | {change} | difference |", "|---|---|---|---|")
    for name, number in _NUMBERS:
        one, other = number(before), number(after)
        yield f"| {name} | {one:,} | {other:,} | {other - one:+,} |"
    yield f"| at most below the best, % | {before.gap:.2f} | {after.gap:.2f} | |"
    mine, theirs = before.areas(), after.areas()
    for area in sorted(mine.keys() | theirs.keys()):
        one_share, other_share = (each.get(area, _NOTHING).percent for each in (mine, theirs))
        yield (
            f"| {_NAMES.get(area, area)} {area}, served % | {one_share:.1f} | {other_share:.1f}"
            f" | {other_share - one_share:+.1f} |"
        )
    yield ""
    yield from _gains_and_losses(before, after)


_NUMBERS: tuple[tuple[str, Callable[[Outcome], int]], ...] = (
    ("requests", lambda outcome: len(outcome.problem.wishes)),
    ("served", lambda outcome: len(outcome.served)),
    ("pupils", lambda outcome: outcome.pupils),
    ("value", lambda outcome: outcome.value),
)


def _gains_and_losses(before: Outcome, after: Outcome) -> Iterator[str]:
    """Of the wishes that both seasons have: how many got something or lost it, by district."""
    both = {wish.key for wish in before.problem.wishes} & {wish.key for wish in after.problem.wishes}
    found = moved(before, after, who=lambda wish: wish.key, where=lambda wish: wish.area)
    gain, lose = (sum(each[at] for each in found.values()) for at in (0, 1))
    yield f"Of {len(both):,} requests that both have, {gain} gain a place and {lose} lose theirs:"
    for code, (gains, losses) in sorted(found.items()):
        yield f"- {_NAMES.get(code, code)}: +{gains} -{losses}"


def replayed(replays: Sequence[Replay]) -> Iterator[str]:
    """First come, first served against all together: a line for each seed, then medians with their spread."""
    yield (
        "| seed | served, first come | together | pupils, first come | together | value, more %"
        " | gap % | worst district %, first come | together |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    rows = [_row(alone, joint) for _, alone, joint in replays]
    for (seed, _, _), row in zip(replays, rows, strict=True):
        yield f"| {seed} | " + " | ".join(_cells(row)) + " |"
    columns = list(zip(*rows, strict=True))
    yield "| **median** | " + " | ".join(_cells(statistics.median(column) for column in columns)) + " |"
    least, most = _cells(map(min, columns)), _cells(map(max, columns))
    spread = (f"{one} to {other}" for one, other in zip(least, most, strict=True))
    yield "| spread | " + " | ".join(spread) + " |"


_FORMAT = ("{:,.0f}", "{:,.0f}", "{:,.0f}", "{:,.0f}", "{:+.1f}", "{:.2f}", "{:.1f}", "{:.1f}")


def _cells(values: Iterable[float]) -> list[str]:
    return [_FORMAT[at].format(value) for at, value in enumerate(values)]


def _row(alone: Outcome, joint: Outcome) -> tuple[float, ...]:
    more = 100 * (joint.value - alone.value) / max(1, alone.value)
    worst = (_worst(outcome) for outcome in (alone, joint))
    counts = (len(alone.served), len(joint.served), alone.pupils, joint.pupils)
    return (*counts, more, joint.gap, *worst)


def _worst(outcome: Outcome) -> float:
    return min((share.percent for share in outcome.areas().values()), default=0.0)
