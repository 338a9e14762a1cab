"""A table of rules over many things at once: each rule is asked once for all wishes that look alike to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from operator import attrgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.matcher.engine import rules
from services.matcher.engine.instance import Ints
from services.matcher.engine.model import Kind, Wish

Codes: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]
# How many resources of a kind fell away by a code.
Fallen = Counter[tuple[Kind, str]]

# What each rule reads of a wish; one that is not named here is asked anew for every wish.
_READS: dict[Callable[..., bool], Callable[[Wish], Hashable]] = {
    rules.online_suits: attrgetter("kind", "programme"),
    rules.audience_suits: attrgetter("audience"),
    rules.stage_suits: attrgetter("stage"),
    rules.grade_suits: attrgetter("grades"),
    rules.group_is_large_enough: attrgetter("size"),
    rules.group_is_small_enough: attrgetter("size"),
    rules.language_suits: attrgetter("language", "language_required"),
    rules.round_may_use: attrgetter("rounds"),
}


class Sieve:
    """Which things a wish passes over, and by which rule first; things are numbered as they were given."""

    def __init__(self, table: Sequence[rules.Rule], things: Sequence[object]) -> None:
        self.codes = ("", *(code for code, _ in table))
        self._things = things
        self._rules = [passes for _, passes in table]
        self._reads = [_READS.get(passes, _everything) for passes in self._rules]
        self._answers: list[dict[Hashable, Flags | None]] = [{} for _ in table]
        self._known: dict[tuple[Hashable, ...], Codes] = {}

    def refusals(self, wish: Wish) -> Codes:
        """By thing, the position in `codes` of the rule that refuses it, or 0; not to be changed."""
        key = tuple([reads(wish) for reads in self._reads])
        if key not in self._known:
            self._known[key] = self._first(wish, key)
        return self._known[key]

    def _first(self, wish: Wish, key: tuple[Hashable, ...]) -> Codes:
        found = np.zeros(len(self._things), dtype=np.int8)
        for position in reversed(range(len(self._rules))):
            answers = self._answers[position]
            if key[position] not in answers:
                answers[key[position]] = self._ask(wish, self._rules[position])
            refused = answers[key[position]]
            if refused is not None:
                found[refused] = position + 1
        return found

    def _ask(self, wish: Wish, passes: Callable[..., bool]) -> Flags | None:
        """By thing, whether the rule refuses it; None where it refuses nothing."""
        answers = np.array([not passes(wish, thing) for thing in self._things], dtype=np.bool_)
        return answers if answers.any() else None


def _everything(wish: Wish) -> Wish:
    return wish


def tally(fallen: Fallen, kind: Kind, codes: Sequence[str], found: Codes, sizes: Ints | None = None) -> None:
    """Count refusals, positions in `codes`, each as one resource or as its size."""
    for position, count in enumerate(np.bincount(found, weights=sizes).tolist()):
        if position and count:
            fallen[kind, codes[position]] += int(count)


def add(fallen: Fallen, kind: Kind, code: str, count: int) -> None:
    """Count so many resources, if any."""
    if count:
        fallen[kind, code] += count
