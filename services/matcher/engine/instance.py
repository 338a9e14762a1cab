"""The matching problem as arrays of whole numbers: options, the shelves they stand on, and rows across them.

A shelf is what holds legs of options: a slot with its seats, or a stretch of an expert's or a unit's time.
Every option has one leg a resource; nothing else of the problem is left here, so that the same method reads
a season of a region and a file of the generalised assignment problem.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
# These two are compiled into cached code, which does not notice when they change: empty its folder then.
# More than anything is ever counted up to, and far from where sums of it would overflow.
ENDLESS = 1 << 40
# The seats of a shelf that is a stretch of time.
TIMELINE = -1
# The leg of an entry in a row that counts on no leg's account.
NOBODYS = -1


class Table(NamedTuple):
    """Lists of numbers, one after the other: list `k` is `items[first[k]:first[k + 1]]`."""

    first: Ints
    items: Ints


class Legs(NamedTuple):
    """Legs in the order of their options: the shelf, how much of it (seats), and which taking of its time."""

    shelf: Ints
    size: Ints
    taking: Ints


class Shelves(NamedTuple):
    """`seats` of a slot or TIMELINE; `count` of legs that it may hold; `takings` its times, as a range."""

    seats: Ints
    count: Ints  # type: ignore[assignment]  # nobody asks how often a list is among these
    takings: Ints


class Takings(NamedTuple):
    """Times and places that somebody may be asked for, by shelf, in order of their end.

    Taking `t` may follow the first `sure[t]` takings of its shelf, and those listed in `maybe` (numbers
    counted over all shelves); no others that end before it begins.
    """

    start: Ints
    end: Ints
    sure: Ints
    maybe: Table


class Rows(NamedTuple):
    """Limits on sums over options; `of_option` lists entries, each a `row` with a `weight`.

    A row of a mileage budget holds where the tours of its stops keep to the budget; its entries are less than
    they drive. `leg` is the one on whose account an entry counts, or NOBODYS where the whole option does.
    """

    limit: Ints
    of_option: Table
    row: Ints
    weight: Ints
    leg: Ints


class Serving(NamedTuple):
    """Whom options serve: in each place the position of an `option` and a `wish`."""

    option: Ints
    wish: Ints


# Where every option serves its own wish and nobody beside it.
NOBODY_BESIDE = Table(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))


class Tours(NamedTuple):
    """Stops of units with a mileage budget: takings by their numbers, then those that are there already.

    By stop its `week`, `start`, `end` and `place`; by row the `budget` in kilometres, or NOBODYS where the
    row is another's, the place of the `base`, and the stops that are `fixed`. `km` is from place to place.
    """

    week: Ints
    start: Ints
    end: Ints
    place: Ints
    budget: Ints
    base: Ints
    fixed: Table
    km: Ints


_NONE: Ints = np.zeros(0, dtype=np.int64)
NO_TOURS = Tours(
    _NONE,
    _NONE,
    _NONE,
    _NONE,
    _NONE,
    _NONE,
    Table(np.zeros(1, dtype=np.int64), _NONE),
    np.zeros((0, 0), np.int64),
)


class Instance(NamedTuple):
    """Choose options, at most one a wish, so that shelves and rows hold; the sum of values is to be most.

    `beside` lists, by option, the wishes that it serves beside its own; no option may serve one that another
    serves.
    """

    wishes: int
    wish: Ints
    value: Ints
    of_wish: Table
    legs_of: Ints
    legs: Legs
    on_shelf: Table
    shelves: Shelves
    takings: Takings
    rows: Rows
    beside: Table = NOBODY_BESIDE
    tours: Tours = NO_TOURS

    @property
    def options(self) -> int:
        """How many options there are."""
        return len(self.value)


class Certificate(NamedTuple):
    """Prices that prove a bound, in hundredths of a point; no choice of options is worth more.

    `request` prices each wish, `row` each row, `share` splits the value of an option that is left after them
    over its legs, and `shelf` says what the legs on a shelf can be worth at most, by their shares. `lift` is
    what a person of each group that has a floor adds to an option's value before it is split.
    """

    request: Ints
    row: Ints
    share: Ints
    shelf: Ints
    bound: int
    lift: Ints = np.zeros(0, dtype=np.int64)


def table(keys: Ints, number: int) -> Table:
    """Positions of `keys` by their value, 0 to `number` - 1; within a list in order."""
    first = np.zeros(number + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=number), out=first[1:])
    return Table(first, np.argsort(keys, kind="stable").astype(np.int64))


def list_of(lists: Table, key: int) -> Ints:
    """The list of that number."""
    return lists.items[lists.first[key] : lists.first[key + 1]]


def spread(first: Ints) -> Ints:
    """The number of its list for each item of a table with these beginnings."""
    return np.repeat(np.arange(len(first) - 1, dtype=np.int64), np.diff(first))


def serving(instance: Instance, options: Ints) -> Serving:
    """All whom these options serve, by position among them: first each with its own wish."""
    own = np.arange(len(options))
    if not len(instance.beside.items):
        return Serving(own, instance.wish[options])
    first, at = _picked(instance.beside.first, options)
    return Serving(
        np.concatenate([own, spread(first)]),
        np.concatenate([instance.wish[options], instance.beside.items[at]]),
    )


def served(instance: Instance, options: Ints) -> Ints:
    """The wishes that these options serve."""
    return serving(instance, options).wish


def companions(instance: Instance) -> Serving:
    """Whom options serve, of the wishes that some option serves together with others."""
    leading = instance.wish[np.unique(spread(instance.beside.first))]
    pairs = serving(instance, np.arange(instance.options))
    mine = np.isin(pairs.wish, np.union1d(instance.beside.items, leading))
    return Serving(pairs.option[mine], pairs.wish[mine])


def alone(instance: Instance) -> Table:
    """By wish, the options that serve it and nobody beside it."""
    if not len(instance.beside.items):
        return instance.of_wish
    options = np.flatnonzero(np.diff(instance.beside.first) == 0)
    by_wish = table(instance.wish[options], instance.wishes)
    return Table(by_wish.first, options[by_wish.items])


def listed(instance: Instance) -> Table:
    """`beside`, with a list for every option, also where there is none."""
    if len(instance.beside.items):
        return instance.beside
    return Table(np.zeros(instance.options + 1, dtype=np.int64), instance.beside.items)


def narrowed(instance: Instance, options: Ints) -> Instance:
    """The instance with these options only, numbered anew; wishes, shelves and rows stay as they are."""
    legs, rows = instance.legs, instance.rows
    legs_of, leg = _picked(instance.legs_of, options)
    of_row, entry = _picked(rows.of_option.first, options)
    entry = rows.of_option.items[entry]
    number = np.full(len(legs.shelf) + 1, NOBODYS, dtype=np.int64)
    number[leg] = np.arange(len(leg))
    entries = Table(of_row, np.arange(len(entry)))
    beside = instance.beside
    if len(beside.items):
        first, at = _picked(beside.first, options)
        beside = Table(first, beside.items[at])
    return instance._replace(
        wish=instance.wish[options],
        value=instance.value[options],
        of_wish=table(instance.wish[options], instance.wishes),
        legs_of=legs_of,
        legs=Legs(legs.shelf[leg], legs.size[leg], legs.taking[leg]),
        on_shelf=table(legs.shelf[leg], len(instance.shelves.seats)),
        rows=Rows(rows.limit, entries, rows.row[entry], rows.weight[entry], number[rows.leg[entry]]),
        beside=beside,
    )


def _picked(first: Ints, lists: Ints) -> tuple[Ints, Ints]:
    """Some lists of a table: where each begins now, and the positions of their items."""
    lengths = first[lists + 1] - first[lists]
    begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return begins, np.arange(begins[-1]) + np.repeat(first[lists] - begins[:-1], lengths)
