"""How much work each step of a search gets: by size and by the seconds meant for it, never by a clock."""

from __future__ import annotations

from typing import NamedTuple

from services.matcher.engine.instance import Instance

# What two ordinary cores do in a second; from it follows how much work the meant seconds are good for.
_OPTIONS_FOUND, _OPTION_STEPS, _MOVES, _PARTS = 28_000, 7_000_000, 34_000, 10
# With so many options a step goes to memory for half of its numbers, and takes twice as long for each.
_HALF_CACHED = 500_000
# How it is shared out: prices first; then of what they leave the chains from hot, and those that begin anew.
_PRICING, _HOT_CHAINS, _AGAIN = 0.4, 0.5, 0.2
# With fairness instead: chains towards the fair plan, more of them where parts come after them, and chains
# above its floors; and the steps that price floors, beside those before.
_FAIR_CHAINS, _FAIR_FEW, _ABOVE, _FAIR_STEPS = 0.3, 0.45, 0.28, 0.2
_FEWEST_STEPS, _MOST_STEPS = 60, 800
_MOVES_PER_WISH, _FEW_MOVES_PER_WISH, _FAIR_MOVES_PER_WISH = 1_000, 100, 600
_FEWEST_EPOCHS, _MOST_EPOCHS, _MOVES_AN_OPTION = 10, 100, 10
# With fewer moves a wish there is no time to cool down from the highest temperature.
_HOT, _UNHURRIED = 0.03, 100
# Then they get the time of parts as well, which bring much less as long as the gap is everywhere.
_HURRIED = 1.3
# A part that brings nothing costs as much as one that does: after so many of them it is enough.
_FEWEST_TURNS, _TURNS_PER_WISH = 8, 0.01
# Options of least loss that are solved together, for each wish; the most of them, and the fewest a wish.
_CHOICES, _MOST_KERNEL, _FEW_CHOICES = 6, 15_000, 3
# What is so small that nothing need come before an exact search, and prices need not be as near as can be.
TINY, _TINY_STEPS = 1_000, 120
# What is small enough to be solved whole once all options with too great a loss are out.
WHOLE = 9_000


class Effort(NamedTuple):
    """The work that is meant for one instance within so many seconds."""

    instance: Instance
    seconds: float

    @property
    def is_tiny(self) -> bool:
        """Whether all of it is tried exactly at once."""
        return self.instance.options <= TINY

    @property
    def is_hurried(self) -> bool:
        """Whether chains alone could use all the time, so that nothing is left for parts."""
        return self._chains() < _UNHURRIED * self.instance.wishes

    def left(self) -> float:
        """The seconds that are meant for the search once the options have been found, by a rule of thumb."""
        return max(self.seconds / 4, self.seconds - self.instance.options / _OPTIONS_FOUND)

    def steps(self) -> int:
        """Steps of the prices' descent."""
        steps = int(_PRICING * self.left() * self._steps_a_second())
        return min(_TINY_STEPS if self.is_tiny else _MOST_STEPS, max(_FEWEST_STEPS, steps))

    def fair_steps(self) -> int:
        """Steps that price floors, which begin where the others ended."""
        return int(_FAIR_STEPS * self.steps())

    def moves(self) -> int:
        """Chains of an annealing from hot; few where an exact search comes after it."""
        return self._moves(_HOT_CHAINS, self._per_wish())

    def more_moves(self) -> int:
        """Chains of one that begins less hot, at the best plan."""
        return self._moves(_AGAIN, self._per_wish() // 2)

    def fair_moves(self) -> int:
        """Chains towards the fair plan, which no exact search comes after."""
        return self._moves(_FAIR_FEW if self._is_small() else _FAIR_CHAINS, _FAIR_MOVES_PER_WISH)

    def moves_above(self) -> int:
        """Chains above floors, which begin less hot at the fair plan."""
        return self._moves(_ABOVE, self._per_wish())

    def _is_small(self) -> bool:
        return self.instance.options <= WHOLE

    def _per_wish(self) -> int:
        return _FEW_MOVES_PER_WISH if self._is_small() else _MOVES_PER_WISH

    def _steps_a_second(self) -> float:
        options = self.instance.options
        return _OPTION_STEPS / (1 + options / _HALF_CACHED) / max(1, options)

    def _moves(self, part: float, most_per_wish: int) -> int:
        meant = part * (_HURRIED if self.is_hurried else 1.0) * self._chains()
        return min(self.instance.wishes * most_per_wish, max(_MOST_EPOCHS, int(meant)))

    def _chains(self) -> float:
        """So many there is time for after pricing."""
        return max(0.0, self.left() - self.steps() / self._steps_a_second()) * _MOVES

    def epochs(self, moves: int) -> int:
        """So many that finding where to begin takes little of the time."""
        return min(
            _MOST_EPOCHS, max(_FEWEST_EPOCHS, _MOVES_AN_OPTION * moves // max(1, self.instance.options))
        )

    def hottest(self, moves: int) -> float:
        """The first temperature, as a part of the mean value of an option."""
        return float(_HOT * min(1.0, moves / (_UNHURRIED * self.instance.wishes)) ** 0.5)

    def kernel(self, times: float = 1.0) -> int:
        """So many options of least loss are solved together; none where each wish would have too few."""
        number = int(times * min(_MOST_KERNEL, _CHOICES * self.instance.wishes))
        few = number < _FEW_CHOICES * self.instance.wishes or self.instance.options <= number
        # All ways of all tours beside them would be more than the options themselves.
        tours = len(self.instance.tours.km) > 0
        return 0 if few or tours or self.is_hurried else number

    def parts(self) -> int:
        """Turns of parts solved anew; with a clock usually more than there is time for."""
        return 1 + int(_PARTS * self.left())

    def patience(self) -> int:
        """So many turns that bring nothing, one after the other, are enough."""
        return max(_FEWEST_TURNS, int(self.instance.wishes * _TURNS_PER_WISH))
