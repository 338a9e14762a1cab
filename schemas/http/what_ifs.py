"""Questions of what if about a round, and their answers side by side, over HTTP."""

from __future__ import annotations

from schemas.codes import WHAT_IF_CHANGES
from schemas.contract import Fact, Input
from schemas.fields import Adcode, Code, Day, Id, Instant, Int, ListOf, Nested, Number, Text
from schemas.http.rounds import ProgressView
from schemas.topics import TOPICS


class ChangeInput(Input):
    """One change of a copy; each kind takes some of the members.

    demand: `factor` times the requests from `adcode`, or all. closed: `venue_id` or `organisation_id`, from
    `first_day` to `last_day` or always. more_sessions: `number` more of `programme_id`. more_experts: so many
    more on `topic` who live in the district `adcode` and have at most `cap_week` engagements a week.
    more_unit_days: `number` more weeks of `unit_id`. These three on `day` (its week for a unit), else on the
    days that are best by prices. fairness: `percent` instead of the round's own.
    """

    kind = Code(WHAT_IF_CHANGES, required=True)
    factor = Number(min=0.05, max=20)
    percent = Int(min=0, max=100)
    number = Int(min=1, max=20)
    adcode = Adcode()
    venue_id = Id()
    organisation_id = Id()
    programme_id = Id()
    unit_id = Id()
    topic = Code(tuple(TOPICS))
    first_day = Day()
    last_day = Day()
    day = Day()
    cap_week = Int(min=1, max=14)


class WhatIfInput(Input):
    """What is to be different, one change after the other."""

    changes = ListOf(Nested(ChangeInput), min=1, max=10, required=True)


class ChangeAskedView(Fact):
    """A change as it was asked for; members that its kind does not take are null. `text` says it in words."""

    kind = Text(max=20, required=True)
    factor = Number(required=True, allow_none=True)
    percent = Int(required=True, allow_none=True)
    number = Int(required=True, allow_none=True)
    adcode = Adcode(required=True, allow_none=True)
    venue_id = Id(required=True, allow_none=True)
    organisation_id = Id(required=True, allow_none=True)
    programme_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True, allow_none=True)
    topic = Text(max=40, required=True, allow_none=True)
    first_day = Day(required=True, allow_none=True)
    last_day = Day(required=True, allow_none=True)
    day = Day(required=True, allow_none=True)
    cap_week = Int(required=True, allow_none=True)
    text = Text(max=500, required=True)


class WorthAtOnceView(Fact):
    """What one of an addition would be worth to those who go without, by the prices of the last solve.

    `change` counts the changes from 0. Told at once, without solving; `points` of the best `day`, or of the
    one that was asked for. 0 and no day where nobody would pay anything for it.
    """

    change = Int(required=True)
    points = Int(required=True)
    day = Day(required=True, allow_none=True)
    text = Text(max=300, required=True)


class WorthView(Fact):
    """What one of an addition is worth: `worth` points by prices, `solved` by solving again around it."""

    change = Int(required=True)
    day = Day(required=True)
    worth = Int(required=True)
    solved = Int(required=True)
    wishes = Int(required=True)
    people = Int(required=True)
    text = Text(max=500, required=True)


class WhatIfProgressView(ProgressView):
    """Where the answer stands; `side` is base or changed while one of them is solved, else null."""

    side = Text(max=20, required=True, allow_none=True)


class SideView(Fact):
    """A plan in numbers: of so many requests so many are served, for so many people; `pupils` are among them.

    `value`, `bound` and `gap` as of a round; `ended` is optimal or limit.
    """

    requests = Int(required=True)
    served = Int(required=True)
    people = Int(required=True)
    pupils = Int(required=True)
    value = Int(required=True)
    bound = Int(required=True)
    gap = Number(required=True)
    ended = Text(max=20, required=True)


class ShareView(Fact):
    """A district's requests, how many of them are served, and for how many people; `share` is from 0 to 1."""

    requests = Int(required=True)
    served = Int(required=True)
    people = Int(required=True)
    share = Number(required=True, allow_none=True)


class DistrictView(Fact):
    """One district on both sides."""

    adcode = Adcode(required=True)
    name = Text(max=120, required=True)
    base = Nested(ShareView, required=True)
    changed = Nested(ShareView, required=True)


class MovedView(Fact):
    """How many schools of a stage in a district have more of their requests served than before, or fewer.

    Of requests that both sides have; no school is named.
    """

    adcode = Adcode(required=True)
    name = Text(max=120, required=True)
    stage = Text(max=1, required=True)
    gain = Int(required=True)
    lose = Int(required=True)


class ResultView(Fact):
    """Both sides. `set_by_hand` matches stay as they are on both, and are counted on neither."""

    base = Nested(SideView, required=True)
    changed = Nested(SideView, required=True)
    districts = ListOf(Nested(DistrictView), max=5000, required=True)
    moved = ListOf(Nested(MovedView), max=40_000, required=True)
    additions = ListOf(Nested(WorthView), max=10, required=True)
    set_by_hand = Int(required=True)


class WhatIfView(Fact):
    """A question and, once it is answered, its result; a copy was changed, and no match anywhere."""

    id = Id(required=True)
    round_id = Id(required=True)
    asked_at = Instant(required=True)
    changes = ListOf(Nested(ChangeAskedView), max=10, required=True)
    at_once = ListOf(Nested(WorthAtOnceView), max=10, required=True)
    priced_at = Instant(required=True, allow_none=True)
    state = Text(max=20, required=True)
    progress = Nested(WhatIfProgressView, required=True)
    failure_text = Text(max=500, required=True, allow_none=True)
    made_at = Instant(required=True, allow_none=True)
    result = Nested(ResultView, required=True, allow_none=True)
