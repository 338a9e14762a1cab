"""Why a match, why none, what would have helped, and what to add, over HTTP."""

from __future__ import annotations

from schemas.contract import Fact
from schemas.fields import Adcode, Day, Flag, Id, Instant, Int, ListOf, Nested, Text


class NeedPart(Fact):
    """What adds to a school's need, in percent of an ordinary school's."""

    code = Text(max=60, required=True)
    percent = Int(required=True)
    text = Text(max=300, required=True)


class SuitView(Fact):
    """How well a resource suits the request: percent lost on topic, language and distance, and the way."""

    resource_kind = Text(max=20, required=True)
    topic = Int(required=True)
    language = Int(required=True)
    distance = Int(required=True)
    km = Int(required=True)
    text = Text(max=300, required=True)


class AlternativeView(Fact):
    """Another way that the request had. `cost` is what it would have cost others, in points.

    `displaced` is how many requests have what it needs; an expert is not named. A group may come in `parts`,
    of which the first is named.
    """

    code = Text(max=60, required=True)
    resource_kind = Text(max=20, required=True)
    resource_id = Id(required=True, allow_none=True)
    title = Text(max=200, required=True, allow_none=True)
    starts_at = Instant(required=True)
    value = Int(required=True)
    cost = Int(required=True)
    displaced = Int(required=True)
    parts = Int(load_default=1, dump_default=1)
    text = Text(max=300, required=True)


class WhyThisView(Fact):
    """What counted for the match that the solver chose: pupils x need x fit, both in percent.

    `split` is what the fit lost because the group comes in parts. Of the school's `choices` that of rank
    `choice` is met, from 1, or none (0), for which the fit lost `choice_lost`; so for windows in its order.
    """

    pupils = Int(required=True)
    need = Int(required=True)
    fit = Int(required=True)
    split = Int(load_default=0, dump_default=0)
    choices = Int(load_default=0, dump_default=0)
    choice = Int(load_default=0, dump_default=0)
    choice_lost = Int(load_default=0, dump_default=0)
    windows = Int(load_default=0, dump_default=0)
    window = Int(load_default=0, dump_default=0)
    window_lost = Int(load_default=0, dump_default=0)
    value = Int(required=True)
    needs = ListOf(Nested(NeedPart), max=10, required=True)
    suits = ListOf(Nested(SuitView), max=10, required=True)
    alternatives = ListOf(Nested(AlternativeView), max=10, required=True)
    text = Text(max=500, required=True)


class ContestView(Fact):
    """Who has what the request could have had, without names: how many, for how many people, with what need.

    Serving it would be worth `value` points at best and cost others `price` at least.
    """

    options = Int(required=True)
    holders = Int(required=True)
    pupils = Int(required=True)
    least = Int(required=True)
    most = Int(required=True)
    value = Int(required=True)
    price = Int(required=True)
    text = Text(max=500, required=True)


class ByHandView(Fact):
    """That a coordinator set the match, and why; with what was known of the price at that moment.

    `code` is moved_by_hand, placed_by_hand, or set_by_hand of one from before such acts were kept, which has
    no numbers. `before` and `after` are the match's points. Its school and who oversees the area read what
    others wanted and lose (see PriceView), the latter also what the whole plan is worth.
    """

    code = Text(max=60, required=True)
    match_id = Id(required=True)
    set_at = Instant(required=True, allow_none=True)
    reason = Text(max=500, required=True, allow_none=True, lines=True)
    before = Int(required=True, allow_none=True)
    after = Int(required=True, allow_none=True)
    wanted = Int(required=True, allow_none=True)
    taken = Int(required=True, allow_none=True)
    cost = Int(required=True, allow_none=True)
    plan_before = Int(required=True, allow_none=True)
    plan_after = Int(required=True, allow_none=True)
    text = Text(max=500, required=True)


class LotView(Fact):
    """What was drawn for a request, and how the papers of its published round call it.

    It is the request of that `number` there, `of` so many, from 0 in the order of their lots. `lot` is the
    beginning of the SHA-256 of seed, "|" and `alias`, and stands beside the alias in the problem's paper.
    """

    number = Int(required=True)
    of = Int(required=True)
    alias = Text(max=16, required=True)
    lot = Text(max=16, required=True)
    seed = Text(max=64, required=True)
    text = Text(max=300, required=True)


class RearrangedView(Fact):
    """Why a request is served another way than it was to be: others needed room, or its place fell away."""

    code = Text(max=60, required=True)
    text = Text(max=300, required=True)
    made_at = Instant(required=True)


class ChangeView(Fact):
    """A change with which the request would have been served and nobody else gone without.

    Found by solving again with it; `moved` others would be served otherwise. `amount` is in days, parts,
    people or km, by its code.
    """

    code = Text(max=60, required=True)
    amount = Int(required=True)
    topic = Text(max=60, required=True, allow_none=True)
    programme_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True, allow_none=True)
    adcode = Adcode(required=True, allow_none=True)
    resource_kind = Text(max=20, required=True)
    resource_id = Id(required=True, allow_none=True)
    title = Text(max=200, required=True, allow_none=True)
    starts_at = Instant(required=True)
    moved = Int(required=True)
    parts = Int(load_default=1, dump_default=1)
    text = Text(max=500, required=True)


class AdditionView(Fact):
    """What one more resource would add, in points: `worth` by prices, `solved` by solving again."""

    code = Text(max=60, required=True)
    topic = Text(max=60, required=True, allow_none=True)
    programme_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True, allow_none=True)
    adcode = Adcode(required=True, allow_none=True)
    title = Text(max=200, required=True, allow_none=True)
    day = Day(required=True)
    worth = Int(required=True)
    solved = Int(required=True)
    wishes = Int(required=True)
    pupils = Int(required=True)
    text = Text(max=500, required=True)


class AdditionsView(Fact):
    """The best additions to a round, the best first; `made_at` is null until they are worked out.

    `helped` of the `unserved` requests have at least one change that would have served them; `whole` is false
    where not all changes were tried, because another round was waiting.
    """

    round_id = Id(required=True)
    made_at = Instant(required=True, allow_none=True)
    unserved = Int(required=True)
    helped = Int(required=True)
    whole = Flag(required=True)
    additions = ListOf(Nested(AdditionView), max=20, required=True)
