"""Appointments shared out among experts, last of all: no wish gets anything else, and no value changes.

Of plans that serve the same wishes at the same values, one in which the sum of the squares of the experts'
loads is as small as exchanges reach: somebody's appointment goes to an expert who suits as well and has at
least two fewer, at once or along a chain in which each in between gives one on. A load is what an expert has
already, and what the plan adds. The order of the lot decides between equals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from services.matcher.engine.boards import NOTHING, board, empty
from services.matcher.engine.instance import Instance, Ints
from services.matcher.engine.model import Expert, Key, Load, Option
from services.matcher.engine.moves import fitting, swap

# Links of a chain, and appointments looked at for each that experts have.
_LONGEST, _LOOKS = 3, 12
_NONE: Ints = np.empty(0, dtype=np.int64)


class Evened(NamedTuple):
    """The options of a plan, and the experts' loads before and after."""

    chosen: list[int]
    load: Load


def evened(
    instance: Instance, options: Sequence[Option], experts: Sequence[Expert], chosen: Sequence[int]
) -> Evened:
    """The plan `chosen` with its appointments shared out; the same wishes at the same values, in any case."""
    before = loads(options, experts, chosen)
    if not any(before.values()) or not any(expert_of(options[number]) is not None for number in chosen):
        return Evened(list(chosen), Load(max(before.values(), default=0), max(before.values(), default=0)))
    sharing = _Sharing(instance, options, before, chosen)
    sharing.run()
    after = loads(options, experts, sharing.chosen)
    return Evened(sharing.chosen, Load(max(before.values()), max(after.values())))


def loads(options: Sequence[Option], experts: Sequence[Expert], chosen: Sequence[int]) -> Counter[Key]:
    """How many appointments everybody has, those of the plan included."""
    found: Counter[Key] = Counter({expert.key: len(expert.busy) for expert in experts})
    found.update(key for key in (expert_of(options[number]) for number in chosen) if key is not None)
    return found


def expert_of(option: Option) -> Key | None:
    """Who comes, if anybody does."""
    return next((leg.resource for leg in option.legs if leg.kind == "expert"), None)


class _Sharing:
    def __init__(
        self, instance: Instance, options: Sequence[Option], load: Mapping[Key, int], chosen: Sequence[int]
    ) -> None:
        self._options, self._load = options, Counter(load)
        self._of_wish = instance.of_wish
        self._board = board(instance)
        self._plan = empty(self._board, instance.wishes)
        swap(self._board, self._plan, _NONE, np.array(list(chosen), dtype=np.int64))
        self._held: dict[Key, set[int]] = {key: set() for key in load}
        for number in chosen:
            key = expert_of(options[number])
            if key is not None:
                self._held[key].add(options[number].wish)
        self._alike_to: dict[int, dict[int, Key]] = {}
        self._looks = _LOOKS * sum(map(len, self._held.values()))

    @property
    def chosen(self) -> list[int]:
        """The plan as it is now."""
        found: list[int] = self._plan.choice[self._plan.choice >= 0].tolist()
        return sorted(found)

    def run(self) -> None:
        """Relieve those who have most, until nobody can be relieved any more or there was enough looking."""
        rank = {key: at for at, key in enumerate(self._load)}
        waiting = set(self._load)
        while waiting:
            key = max(waiting, key=lambda each: (self._load[each], -rank[each]))
            most = self._load[key] - 2
            if any(self._relieved(key, most, links, (key,)) for links in range(1, _LONGEST + 1)):
                waiting = set(self._load)
            else:
                waiting.discard(key)

    def _relieved(self, key: Key, most: int, links: int, path: tuple[Key, ...]) -> bool:
        """Whether one of somebody's appointments went to one who had at most `most`, by so many links."""
        for wish in sorted(self._held[key]):
            if self._looks <= 0:
                return False
            self._looks -= 1
            others = self._others(wish)
            wanted = [
                option
                for option, to in others.items()
                if to not in path and (links == 1) == (self._load[to] <= most)
            ]
            for option in self._free(wish, wanted):
                before, to = self._move(wish, option), others[option]
                if links == 1 or self._relieved(to, most, links - 1, (*path, to)):
                    return True
                self._move(wish, before)
        return False

    def _others(self, wish: int) -> dict[int, Key]:
        """Options with other experts that are worth as much and take the same besides, and with whom."""
        now = int(self._plan.choice[wish])
        if now not in self._alike_to:
            self._alike_to[now] = dict(self._alike(wish, now))
        return self._alike_to[now]

    def _free(self, wish: int, others: Sequence[int]) -> list[int]:
        """Those of them that fit once the wish has none; asked last, as most fall away by loads alone."""
        if not others:
            return []
        mine = self._plan.choice[wish : wish + 1].copy()
        swap(self._board, self._plan, mine, _NONE)
        found: list[int] = fitting(self._board, self._plan, np.array(others, dtype=np.int64)).tolist()
        swap(self._board, self._plan, _NONE, mine)
        return found

    def _alike(self, wish: int, now: int) -> Iterator[tuple[int, Key]]:
        first, last = self._of_wish.first[wish : wish + 2]
        mine = self._options[now]
        for number in self._of_wish.items[first:last].tolist():
            other = self._options[number]
            to = expert_of(other)
            if to is None or to == expert_of(mine) or other.value != mine.value:
                continue
            if _besides(other) == _besides(mine):
                yield number, to

    def _move(self, wish: int, option: int) -> int:
        """The wish goes to another option; which it had."""
        before = int(self._plan.choice[wish])
        assert before != NOTHING
        swap(self._board, self._plan, np.array([before]), np.array([option]))
        for number, change in ((before, -1), (option, 1)):
            key = expert_of(self._options[number])
            self._load[key] += change
            (self._held[key].add if change > 0 else self._held[key].discard)(wish)
        return before


def _besides(option: Option) -> list[tuple[Key, int, int]]:
    return [(leg.resource, leg.start, leg.end) for leg in option.legs if leg.kind != "expert"]
