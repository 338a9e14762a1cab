#!/usr/bin/env python3
"""Checks a published round: that its plan is possible, what it is worth, and that none can be worth more.

    python3 verify.py problem.json solution.json certificate.json

Needs Python 3.10 or newer and nothing else. Exit 0 and `true: ...` if all that the three papers say holds;
exit 1 and the first statement that does not, in English and Chinese; exit 2 if they cannot be read. Things
are numbered from 0; times are minutes of local time since 1970-01-01; prices are in parts of a point.

Why no plan can be worth more than the bound: take from the worth of each option the price of its request, or
of all requests that it serves together, and of the caps that it counts under, and of what it uses of pools.
No plan pays a request's price twice, nor a cap's more often than the cap allows, nor a pool's for more than
is left of it at that moment. What is left of an option is split over its legs, and the legs on one slot, or
on one stretch of somebody's time, are worth no more than is stated for it: here that is computed again. The
bound is the sum.
"""

from __future__ import annotations

import hashlib
import json
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

MOST = 10**15  # no number is larger
LAST_MINUTE = 10**9  # in the year 3871
DAY = 24 * 60
LONGEST_JOURNEY = DAY  # who has a whole day between two appointments can be at both
LARGEST_FILE = 1 << 30  # bytes
MOST_STEPS = 50_000_000  # for one slot: a proof that nobody can follow is none
SLOT, TIMED = 0, 1

# Every way to be false, by its stable code. `timed` is somebody's time: an expert's or a travelling unit's.
FALSE = {
    "wrong_type": ("{at} is not of its type", "{at}的类型不对"),
    "not_integer": ("{at} is not a whole number", "{at}不是整数"),
    "out_of_range": ("{at} is below 0, or too large", "{at}为负或过大"),
    "number_unknown": ("{at} names what there is not", "{at}指向不存在的编号"),
    "wrong_length": ("{at} has not as many entries as it should", "{at}的项数不对"),
    "key_missing": ("{at} lacks a key", "{at}缺少字段"),
    "key_unknown": ("{at} has a key too many", "{at}有多余的字段"),
    "key_twice": ("{at} names a key twice", "{at}中字段重复"),
    "word_unknown": ("{at} is not a word known there", "{at}不是规定的用词"),
    "times_disordered": ("{at} does not begin before it ends", "{at}的开始不早于结束"),
    "option_empty": ("{at} needs nothing, or is worth nothing", "{at}不占用资源或没有价值"),
    "resource_twice": ("{at} needs one resource twice", "{at}重复占用同一资源"),
    "journey_twice": ("{at} is listed before", "{at}重复列出"),
    "journey_missing": ("no journey {a} to {b} in month {month}", "缺少{month}月地点{a}到{b}的路程"),
    "other_problem": ("{at} is about another problem", "{at}针对另一个问题"),
    "seed_wrong": ("the seed does not have the hash published before", "种子与事先公布的哈希值不符"),
    "alias_twice": ("{at} is an alias once more", "{at}的代号重复"),
    "lot_wrong": ("the lot of request {at} is {has}, not {said}", "申请{at}的抽签号为{has}，而非{said}"),
    "lot_disordered": ("request {at} comes before lower lots", "申请{at}未按抽签号排列"),
    "scale_wrong": ("the certificate's scale is not the problem's", "证书的计分单位与问题不同"),
    "option_unknown": ("option {one} is not in the problem", "问题中没有方案{one}"),
    "option_twice": ("option {one} is chosen twice", "方案{one}被选两次"),
    "wish_twice": ("request {wish} is served twice", "申请{wish}被安排两次"),
    "seats_exceeded": ("slot {at} has {has} seats, not {taken}", "场次{at}有{has}座，占用{taken}座"),
    "groups_exceeded": ("slot {at} takes {has} groups, not {taken}", "场次{at}接待{has}组，安排{taken}组"),
    "overlap": ("options {one} and {other} need timed {at} at once", "方案{one}与{other}同时占用人员{at}"),
    "overlap_busy": ("option {one} needs timed {at} while busy", "方案{one}与人员{at}已有安排冲突"),
    "journey_impossible": ("timed {at} has {gap} of {need} minutes to go beside option {one}",
                           "人员{at}在方案{one}前后有{gap}分钟，路程需{need}分钟"),
    "rest_broken": ("timed {at} has {has} of {rest} minutes to rest beside option {one}",
                    "人员{at}在方案{one}前后除路程外有{has}分钟，应休息{rest}分钟"),
    "cap_day": ("on day {when} {at} may {has}, not {taken}", "人员{at}第{when}日可{has}次，非{taken}次"),
    "cap_week": ("in week {when} {at} may {has}, not {taken}", "人员{at}第{when}周可{has}次，非{taken}次"),
    "cap_month": ("in month {when} {at} may {has}, not {taken}", "人员{at}{when}月可{has}次，非{taken}次"),
    "cap_km": ("in month {when} unit {at} may drive {has} km, not {taken}",
               "流动设施{at}在{when}月可行驶{has}公里，非{taken}公里"),
    "kilometres_missing": ("no kilometres from {a} to {b}", "缺少地点{a}到{b}的公里数"),
    "fairness_unasked": ("{at} speaks of fairness where the problem does not, or not where it does",
                         "{at}与问题是否要求均衡不符"),
    "floor_missed": ("group {at} is due {least} people served, not {has}",
                     "分组{at}应服务{least}人，实为{has}人"),
    "already_exceeded": ("{at} has {has} people served of {asked}", "{at}共{asked}人，却有{has}人已获服务"),
    "share_wrong": ("of group {at} are {has} of {asked} people served, not {said} of {of}",
                    "分组{at}{asked}人中服务{has}人，而非{of}人中{said}人"),
    "lift_negative": ("the lift of group {at} is below 0", "分组{at}的提升价格为负"),
    "pool_exceeded": ("pool {at} has {has} left at {when}, not {taken}",
                      "资源池{at}在{when}余{has}，占用{taken}"),
    "use_twice": ("{at} uses a pool once more", "{at}重复占用资源池"),
    "stated_twice": ("{at} is stated before", "{at}重复说明"),
    "company_place": ("{at} is no company in one slot", "{at}不是同一场次的联合组"),
    "member_twice": ("{at} counts a request twice", "{at}重复计入同一申请"),
    "company_miscounted": ("the company {one} is of {has} people, not {said}",
                           "联合组{one}共{has}人，而非{said}人"),
    "size_disagrees": ("request {wish} is of {has} people, not {said}", "申请{wish}为{has}人，而非{said}人"),
    "below_minimum": ("slot {at} takes {least} people or more, option {one} brings {has}",
                      "场次{at}至少{least}人成行，方案{one}只有{has}人"),
    "split_unstated": ("{at} is in parts for which the problem states nothing", "{at}分组而问题未说明"),
    "split_size": ("request {wish} is of {size} people, and of {has}", "申请{wish}为{size}人，又为{has}人"),
    "split_sum": ("the parts of {at} are {has} people, not {size}", "{at}各组共{has}人，应为{size}人"),
    "split_many": ("{at} is in {has} parts", "{at}分为{has}组"),
    "split_place": ("the parts of {at} are not at one place", "{at}各组不在同一地点"),
    "split_day": ("the parts of {at} are not on one day", "{at}各组不在同一天"),
    "split_span": ("the parts of {at} take {has} minutes", "{at}各组前后共{has}分钟"),
    "split_part": ("a part of {at} in slot {slot} is of {has} people", "{at}在场次{slot}的一组为{has}人"),
    "value_wrong": ("the plan is worth {has}, not {said}", "总值为{has}，而非{said}"),
    "request_price_negative": ("the price of request {at} is below 0", "申请{at}的价格为负"),
    "cap_price_negative": ("{at} is below 0", "{at}为负"),
    "cap_unknown": ("{at} is for a cap that there is not", "{at}为不存在的上限定价"),
    "cap_twice": ("{at} is for a cap that has one", "{at}重复定价"),
    "pool_price_negative": ("{at} is below 0", "{at}为负"),
    "pool_unknown": ("{at} is for a pool that there is not", "{at}为不存在的资源池定价"),
    "pool_twice": ("{at} is for a pool and moment that have one", "{at}重复定价"),
    "shares_unneeded": ("{at} is of no option with several legs", "{at}的方案无需拆分"),
    "shares_twice": ("{at} splits an option once more", "{at}重复拆分"),
    "shares_missing": ("option {one} is worth {worth} and not split", "方案{one}值{worth}，却未拆分"),
    "shares_understated": ("the shares of {one} are {has} of {worth}", "方案{one}各份之和{has}不足{worth}"),
    "knapsack_understated": ("slot {at} can hold more than {best}", "场次{at}的最优值高于{best}"),
    "too_hard": ("slot {at} takes too long to compute", "场次{at}无法在合理时间内复算"),
    "stretches_overlap": ("stretches of timed {at} overlap at {start}", "人员{at}的时段在{start}处重叠"),
    "stretch_missing": ("option {one} is on no stretch of timed {at}", "方案{one}不在人员{at}的任何时段内"),
    "count_unfounded": ("timed {at} has no cap to count on at {start}", "人员{at}在{start}的次数限制无依据"),
    "plan_understated": ("timed {at} can hold {has}, not {best}, from {start}",
                         "人员{at}从{start}起最优值为{has}，而非{best}"),
    "bound_understated": ("the parts of the bound are {has}, not {said}", "上界各项之和为{has}，而非{said}"),
}  # fmt: skip


class Lie(Exception):
    """A statement that does not hold: its code, and the facts of its sentence."""


def hold(statement: bool, code: str, **facts: object) -> None:
    if not statement:
        raise Lie(code, facts)


SIGNED, MAYBE = "a whole number, also below 0", "a whole number of at least 0, or null"
# The form of the papers; in them nothing is taken to be what it should be.
PROOF: dict[str, Any] = {
    "bound": int,
    "requests": [SIGNED],  # a price for each wish
    "caps": [(int, str, int, SIGNED)],  # timed, which cap, number of the day, week or month, price
    "shares": [(int, [SIGNED])],  # option, what each of its legs is given of its worth
    "slots": [int],  # what each can hold at most
    "stretches": [(int, int, int, MAYBE, int)],  # timed, start, end, count, what it can hold at most
    "pools?": [(int, int, SIGNED)],  # pool, moment, price
}
SHAPES: dict[str, dict[str, Any]] = {
    "problem": {
        "format": str, "seed_hash": str, "wishes": int, "scale": int, "places": int,
        "journeys": [(int, int, int, int)],  # place, place with a larger number, month, minutes
        "kilometres?": [(int, int, int)],  # place, place with a larger number, km of road
        "slots": [(int, MAYBE)],  # seats, groups
        # What is there already (start, end, place), and how many may begin in a day, a week and a month.
        "timed": [{"kind": str, "busy": [(int, int, int)],
                   "caps": {"day?": int, "week?": int, "month?": int, "km?": int},
                   "base?": int,  # the place where the tours of a unit with a cap on kilometres begin and end
                   "rest?": int}],  # minutes between an appointment and setting out for the next
        "options": [(int, int, [(int, int, int, int, int, int, int)])],  # wish, value, legs as in Leg
        "lots?": [(str, str)],  # alias and lot of each wish; wishes are numbered in the order of their lots
        # How much of the fair plan is to be kept, in percent; people, district and township of each wish.
        # Of requests that are not decided here: how many people, how many of them served, district, township.
        "fairness?": {"policy": int, "districts": int, "groups": int, "wishes": [(int, int, int)],
                      "already?": [(int, int, int, int)]},
        # What many share: a limit, and what is used of it (from when, until when, how much) before.
        "pools?": [(int, [(int, int, int)])],
        "uses?": [(int, int, int, int, int)],  # option, pool, from when, until when, how much
        # Small groups that come together: options with whom they serve beside their own wish; of all of these
        # wishes the size, and of slots the least number of people that makes a session.
        "companies?": {"options": [(int, [int])], "sizes": [(int, int)], "least": [(int, int)]},
        # Groups in parts: within how many minutes, in how many parts; wish and size; slot, least and most.
        "splits?": {"span": int, "parts": int, "wishes": [(int, int)], "slots": [(int, int, int)]},
    },
    # `fair` is the fair plan: each group has a floor of `policy` percent of the people whom that serves.
    # `groups` is told of the plan: how many people of each group are served, and how many there are.
    "solution": {"format": str, "problem": str, "seed": str, "chosen": [int], "value": int, "fair?": [int],
                 "groups?": [(int, int)]},
    "certificate": {
        "format": str, "problem": str, "scale": int, **PROOF,
        "lifts?": [SIGNED],  # what a person of each group adds, since it has a floor
        # No plan serves more people of these districts than the bound of this proof, at a point a person.
        "ceilings?": [{"districts": [int], **PROOF}],
    },
}  # fmt: skip


def read(name: str, path: str) -> dict[str, Any]:
    """A paper of the form that its name promises. Raises Lie, OSError, ValueError or RecursionError."""
    if not Path(path).is_file() or Path(path).stat().st_size > LARGEST_FILE:
        raise OSError("no such file, or too large")
    paper = json.loads(Path(path).read_bytes().decode(), object_pairs_hook=_object)
    _check(paper, SHAPES[name], name)
    hold(paper["format"] == f"keqiao-{name}-1", "word_unknown", at=f"{name}.format")
    return dict(paper)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    hold(len(dict(pairs)) == len(pairs), "key_twice", at="JSON")
    return dict(pairs)


def _check(value: Any, shape: Any, at: str) -> None:
    """The value is of the shape: neither `true` nor `1.0` is a whole number."""
    if shape in (int, SIGNED, MAYBE):
        if type(value) is not int and (value is not None or shape is not MAYBE):
            raise Lie("not_integer", {"at": at})
        if not (-MOST if shape is SIGNED else 0) <= (value or 0) <= MOST:
            raise Lie("out_of_range", {"at": at})
        return
    due = str if shape is str else list if type(shape) is tuple else type(shape)
    hold(type(value) is due, "wrong_type", at=at)
    if type(shape) is tuple:
        hold(len(value) == len(shape), "wrong_length", at=at)
        for part, form in zip(value, shape, strict=True):
            _check(part, form, at)
    elif type(shape) is list:
        for n, part in enumerate(value):
            _check(part, shape[0], f"{at}[{n}]")
    elif type(shape) is dict:
        forms = {key.rstrip("?"): form for key, form in shape.items()}
        hold(all(key in value or f"{key}?" in shape for key in forms), "key_missing", at=at)
        hold(value.keys() <= forms.keys(), "key_unknown", at=at)
        for key, part in value.items():
            _check(part, forms[key], f"{at}.{key}")


@cache
def month_of(minute: int) -> int:
    """Counted since year 0, so that two years' Mays differ."""
    day = date.fromordinal(date(1970, 1, 1).toordinal() + minute // DAY)
    return day.year * 12 + day.month


PERIODS: dict[str, Callable[[int], int]] = {
    "day": lambda minute: minute // DAY,
    "week": lambda minute: (minute // DAY + 3) // 7,  # from Monday; 1970-01-01 was a Thursday
    "month": month_of,
    "km": lambda minute: month_of((minute // DAY + 3) // 7 * 7 * DAY - 3 * DAY),  # that of the week's Monday
}


class Leg(NamedTuple):
    """What an option needs of one resource: `quantity` seats of a slot, or time from `occupied` to `end`."""

    kind: int
    resource: int
    start: int
    end: int
    occupied: int
    quantity: int
    place: int


class Option(NamedTuple):
    wish: int
    value: int
    legs: list[Leg]
    uses: list[tuple[int, int, int, int]]  # pool, from when, until when, how much
    beside: list[int]  # who comes together with the wish

    @property
    def wishes(self) -> list[int]:
        return [self.wish, *self.beside]


class Taking(NamedTuple):
    """When and where somebody is."""

    start: int
    end: int
    place: int


# A stop of a unit: the request that it serves, below 0 what was there before, and when and where it is.
Stop = tuple[int, Taking]


class Problem(NamedTuple):
    paper: dict[str, Any]
    digest: str
    options: list[Option]
    journeys: dict[tuple[int, int, int], int]
    kilometres: dict[tuple[int, int], int]
    lightest: dict[tuple[int, int], dict[Stop, int]]  # by unit and week, once they have been asked for

    def left(self, timed: int, cap: str, when: int) -> int:
        """How many more may begin in that day, week or month beside what is there already, or how many km."""
        row = self.paper["timed"][timed]
        if cap == "km":
            there = [(-1 - n, Taking(*busy)) for n, busy in enumerate(row["busy"])]
            mine = [stop for stop in there if PERIODS["km"](stop[1].start) == when]
            return int(max(0, row["caps"]["km"] - sum(self.least(timed, stop) for stop in mine)))
        had = sum(PERIODS[cap](start) == when for start, _, _ in row["busy"])
        return max(0, int(row["caps"][cap]) - had)

    def km(self, a: int, b: int) -> int:
        """Kilometres of road between two places."""
        one, other = min(a, b), max(a, b)
        hold(a == b or (one, other) in self.kilometres, "kilometres_missing", a=one, b=other)
        return 0 if a == b else self.kilometres[one, other]

    def driven(self, timed: int, stops: Iterable[Taking]) -> int:
        """Kilometres of the tours that stops make: each week's from the base, from stop to stop, and home."""
        base, total = self.paper["timed"][timed]["base"], 0
        weeks: dict[int, list[int]] = defaultdict(list)
        for stop in sorted(stops):
            weeks[PERIODS["week"](stop.start)].append(stop.place)
        for places in weeks.values():
            total += sum(self.km(a, b) for a, b in pairwise([base, *places, base]))
        return total

    def least(self, timed: int, stop: Stop) -> int:
        """Kilometres that a stop adds at least to any tour that it is on: see `lightest_of`."""
        week = PERIODS["week"](stop[1].start)
        if (timed, week) not in self.lightest:
            self.lightest[timed, week] = lightest_of(self, timed, week)
        return self.lightest[timed, week][stop]

    def unused(self, pool: int, moment: int) -> int:
        """How much of a pool is left at a moment, beside what is used already."""
        limit, used = self.paper["pools"][pool]
        return int(max(0, limit - sum(many for start, end, many in used if start <= moment < end)))

    def rest(self, timed: int) -> int:
        """The minutes that somebody rests after an appointment, before setting out for the next."""
        return int(self.paper["timed"][timed].get("rest", 0))

    def journey(self, first: Taking, second: Taking, rest: int) -> int:
        """Minutes on the road after the rest, in the month in which the second appointment begins."""
        if first.place == second.place or second.start - first.end - rest >= LONGEST_JOURNEY:
            return 0
        a, b = sorted((first.place, second.place))
        month = (month_of(second.start) - 1) % 12 + 1
        hold((a, b, month) in self.journeys, "journey_missing", a=a, b=b, month=month)
        return self.journeys[a, b, month]


def lightest_of(problem: Problem, timed: int, week: int) -> dict[Stop, int]:
    """What each stop that a unit may have in a week drives at least, in whole kilometres.

    A way between two stops counts half for each of them, a way from or to the base whole for the stop. So a
    stop has at least half of its shortest way from the base, doubled, or from a stop of another request that
    may come before it, and half of its shortest way on, doubled to the base; no tour is shorter than the sum.
    """
    row, stops = problem.paper["timed"][timed], set[Stop]()
    for option in problem.options:
        for leg in option.legs:
            if (leg.kind, leg.resource) == (TIMED, timed) and PERIODS["week"](leg.occupied) == week:
                stops.add((option.wish, Taking(leg.occupied, leg.end, leg.place)))
    for n, busy in enumerate(row["busy"]):
        if PERIODS["week"](busy[0]) == week:
            stops.add((-1 - n, Taking(*busy)))
    ends: dict[tuple[int, int], list[int]] = {}  # by request and place: its first end and last start
    for wish, (start, end, place) in stops:
        first, last = ends.get((wish, place), (end, start))
        ends[wish, place] = [min(first, end), max(last, start)]
    found = {}
    for wish, (start, end, place) in stops:
        before = after = 2 * problem.km(row["base"], place)
        for (other, there), (first, last) in ends.items():
            if other != wish and first <= start:
                before = min(before, problem.km(there, place))
            if other != wish and last >= end:
                after = min(after, problem.km(place, there))
        found[wish, Taking(start, end, place)] = (before + after) // 2
    return found


def problem_of(paper: dict[str, Any]) -> Problem:
    """The problem; whatever it names is there, and whatever takes time begins before it ends."""
    hold(paper["scale"] > 0, "out_of_range", at="problem.scale")
    for n, row in enumerate(paper["timed"]):
        at = f"problem.timed[{n}]"
        hold(row["kind"] in ("expert", "unit"), "word_unknown", at=at)
        hold(all(start < end <= LAST_MINUTE for start, end, _ in row["busy"]), "times_disordered", at=at)
        places = [place for _, _, place in row["busy"]] + ([row["base"]] if "base" in row else [])
        hold(all(place < paper["places"] for place in places), "number_unknown", at=at)
        hold("km" not in row["caps"] or "base" in row, "key_missing", at=at)
    journeys: dict[tuple[int, int, int], int] = {}
    for n, (a, b, month, minutes) in enumerate(paper["journeys"]):
        at = f"problem.journeys[{n}]"
        hold(a < b < paper["places"] and 1 <= month <= 12, "number_unknown", at=at)
        hold((a, b, month) not in journeys, "journey_twice", at=at)
        hold(minutes <= LONGEST_JOURNEY, "out_of_range", at=at)
        journeys[a, b, month] = minutes
    kilometres: dict[tuple[int, int], int] = {}
    for n, (a, b, km) in enumerate(paper.get("kilometres", [])):
        at = f"problem.kilometres[{n}]"
        hold(a < b < paper["places"], "number_unknown", at=at)
        hold((a, b) not in kilometres, "journey_twice", at=at)
        kilometres[a, b] = km
    options = [_option(paper, row, f"problem.options[{n}]") for n, row in enumerate(paper["options"])]
    if fairness := paper.get("fairness"):
        at, groups = "problem.fairness", (fairness["districts"], fairness["groups"])
        hold(len(fairness["wishes"]) == paper["wishes"], "wrong_length", at=at)
        beside = fairness.get("already", [])
        known = all(row[-2] < groups[0] <= row[-1] < groups[1] for row in (*fairness["wishes"], *beside))
        most = 3 * (paper["wishes"] + len(beside))
        hold(known and fairness["groups"] <= most, "number_unknown", at=at)
        for n, (asked, has, _, _) in enumerate(beside):
            hold(has <= asked, "already_exceeded", at=f"{at}.already[{n}]", has=has, asked=asked)
    _check_uses(paper, options)
    _check_companies(paper, options)
    _check_splits(paper, options)
    said = json.dumps(paper, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
    return Problem(paper, digest, options, journeys, kilometres, {})


def _option(paper: dict[str, Any], row: list[Any], at: str) -> Option:
    option = Option(row[0], row[1], [Leg(*leg) for leg in row[2]], [], [])
    hold(option.wish < paper["wishes"], "number_unknown", at=at)
    hold(option.value > 0 and option.legs != [], "option_empty", at=at)
    hold(len({leg[:2] for leg in option.legs}) == len(option.legs), "resource_twice", at=at)
    for leg in option.legs:
        resources = {SLOT: paper["slots"], TIMED: paper["timed"]}.get(leg.kind, ())
        hold(leg.resource < len(resources) and leg.place < paper["places"], "number_unknown", at=at)
        hold(leg.occupied <= leg.start < leg.end <= LAST_MINUTE, "times_disordered", at=at)
        hold(leg.quantity > 0, "out_of_range", at=at)
    return option


def _check_uses(paper: dict[str, Any], options: list[Option]) -> None:
    """Give options what they would use, each pool once."""
    pools, seen = paper.get("pools", []), set()
    for n, (_, used) in enumerate(pools):
        in_order = all(start < end <= LAST_MINUTE for start, end, _ in used)
        hold(in_order, "times_disordered", at=f"problem.pools[{n}]")
    for n, (number, pool, start, end, quantity) in enumerate(paper.get("uses", [])):
        at = f"problem.uses[{n}]"
        hold(number < len(options) and pool < len(pools), "number_unknown", at=at)
        hold(start < end <= LAST_MINUTE, "times_disordered", at=at)
        hold(quantity > 0, "out_of_range", at=at)
        hold((number, pool) not in seen, "use_twice", at=at)
        seen.add((number, pool))
        options[number].uses.append((pool, start, end, quantity))


def _check_splits(paper: dict[str, Any], options: list[Option]) -> None:
    """An option of several slots has a group in parts: all of it, at one place, on one day, in few hours."""
    stated = paper.get("splits", {"span": 0, "parts": 0, "wishes": [], "slots": []})
    sizes, bounds = dict(stated["wishes"]), {slot: (least, most) for slot, least, most in stated["slots"]}
    people = paper["fairness"]["wishes"] if "fairness" in paper else []
    for wish, size in sizes.items():
        has = people[wish][0] if wish < len(people) else size
        hold(size == has, "split_size", wish=wish, size=size, has=has)
    for n, option in enumerate(options):
        legs = [leg for leg in option.legs if leg.kind == SLOT] if len(option.legs) > 1 else []
        if len(legs) > 1:
            at = f"problem.options[{n}]"
            known = option.wish in sizes and all(leg.resource in bounds for leg in legs)
            hold(known, "split_unstated", at=at)
            size, has = sizes[option.wish], sum(leg.quantity for leg in legs)
            hold(has == size, "split_sum", at=at, has=has, size=size)
            hold(len(legs) <= stated["parts"], "split_many", at=at, has=len(legs))
            took = _hours_of_parts(legs, at)
            hold(took <= stated["span"], "split_span", at=at, has=took)
            for leg in legs:
                least, most = bounds[leg.resource]
                fits = least <= leg.quantity <= most
                hold(fits, "split_part", at=at, slot=leg.resource, has=leg.quantity)


def _hours_of_parts(legs: list[Leg], at: str) -> int:
    """The minutes from the first to the last, which are at one place and on one day."""
    hold(len({leg.place for leg in legs}) == 1, "split_place", at=at)
    hold(len({leg.start // DAY for leg in legs}) == 1, "split_day", at=at)
    return max(leg.end for leg in legs) - min(leg.start for leg in legs)


def _check_companies(paper: dict[str, Any], options: list[Option]) -> None:
    """Give options whom they serve together; their people are counted, and enough for the slot."""
    told = paper.get("companies", {"options": [], "sizes": [], "least": []})
    sizes = _stated(told["sizes"], paper["wishes"], "sizes")
    least = _stated(told["least"], len(paper["slots"]), "least")
    if fairness := paper.get("fairness"):
        for wish, said in sizes.items():
            has = fairness["wishes"][wish][0]
            hold(said == has, "size_disagrees", wish=wish, has=has, said=said)
    for n, (one, beside) in enumerate(told["options"]):
        at = f"problem.companies.options[{n}]"
        hold(one < len(options), "number_unknown", at=at)
        option = options[one]
        hold(not option.beside, "stated_twice", at=at)
        hold(beside != [] and [leg.kind for leg in option.legs] == [SLOT], "company_place", at=at)
        option.beside.extend(beside)
        hold(len(set(option.wishes)) == len(option.wishes), "member_twice", at=at)
        hold(all(wish in sizes for wish in option.wishes), "number_unknown", at=at)
        has, said = sum(sizes[wish] for wish in option.wishes), option.legs[0].quantity
        hold(has == said, "company_miscounted", one=one, has=has, said=said)
    for one, option in enumerate(options) if least else ():
        for leg in option.legs:
            need = least.get(leg.resource, 0) if leg.kind == SLOT else 0
            hold(
                leg.quantity >= need, "below_minimum", at=leg.resource, least=need, one=one, has=leg.quantity
            )


def _stated(rows: list[tuple[int, int]], number: int, name: str) -> dict[int, int]:
    """What is stated of numbered things, each once."""
    for n, (one, _) in enumerate(rows):
        hold(one < number, "number_unknown", at=f"problem.companies.{name}[{n}]")
    hold(len(dict(rows)) == len(rows), "stated_twice", at=f"problem.companies.{name}")
    return dict(rows)


def check_solution(problem: Problem, paper: dict[str, Any]) -> tuple[int, list[int]]:
    """What the plan is worth, and what the floors that it keeps ask of requests; it is possible."""
    hold(paper["problem"] == problem.digest, "other_problem", at="solution")
    seed = paper["seed"].encode("utf-8", "surrogatepass")
    hold(hashlib.sha256(seed).hexdigest() == problem.paper["seed_hash"], "seed_wrong")
    _check_lots(problem.paper, seed)
    hold(("fair" in paper) == ("fairness" in problem.paper), "fairness_unasked", at="solution")
    hold("groups" not in paper or "fair" in paper, "fairness_unasked", at="solution.groups")
    served = _possible(problem, paper["chosen"])
    value = sum(problem.options[number].value for number in paper["chosen"])
    hold(paper["value"] == value, "value_wrong", has=value, said=paper["value"])
    if "fair" not in paper:
        return value, []
    policy, has = problem.paper["fairness"]["policy"], people(problem, served)
    floors = [some * policy // 100 for some in people(problem, _possible(problem, paper["fair"]))]
    if problem.paper["fairness"]["districts"] == 1:
        floors[0] = 0  # nobody is beside it
    for at, (some, least) in enumerate(zip(has, floors, strict=True)):
        hold(some >= least, "floor_missed", at=at, has=some, least=least)
    told, demand = paper.get("groups"), asked_for(problem)
    hold(told is None or len(told) == len(has), "wrong_length", at="solution.groups")
    for at, (said, of) in enumerate(told or []):
        right = (said, of) == (has[at], demand[at])
        hold(right, "share_wrong", at=at, has=has[at], asked=demand[at], said=said, of=of)
    return value, [max(0, least - some) for least, some in zip(floors, people(problem, ()), strict=True)]


def _check_lots(paper: dict[str, Any], seed: bytes) -> None:
    """Each request's lot is what the seed draws for its alias, and their order is that of the numbers."""
    if "lots" not in paper:
        return
    hold(len(paper["lots"]) == paper["wishes"], "wrong_length", at="problem.lots")
    seen = set[str]()
    for at, (alias, said) in enumerate(paper["lots"]):
        hold(alias not in seen, "alias_twice", at=f"problem.lots[{at}]")
        seen.add(alias)
        has = hashlib.sha256(seed + b"|" + alias.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        hold(said == has, "lot_wrong", at=at, has=has, said=said)
    for at, ((_, lot), (_, after)) in enumerate(pairwise(paper["lots"])):
        hold(lot <= after, "lot_disordered", at=at)


def _possible(problem: Problem, chosen: list[int]) -> dict[int, int]:
    """The option of each wish that is served; all of them can be had together."""
    served: dict[int, int] = {}
    for number in chosen:
        hold(number < len(problem.options), "option_unknown", one=number)
        for wish in problem.options[number].wishes:
            hold(served.get(wish) != number, "option_twice", one=number)
            hold(wish not in served, "wish_twice", wish=wish)
            served[wish] = number
    legs = [(number, leg) for number in chosen for leg in problem.options[number].legs]
    _check_seats(problem, [leg for _, leg in legs if leg.kind == SLOT])
    _check_times(problem, [(number, leg) for number, leg in legs if leg.kind == TIMED])
    _check_pools(problem, [problem.options[number] for number in chosen])
    return served


def people(problem: Problem, wishes: Iterable[int]) -> list[int]:
    """The people of each group, districts first, if these wishes are served beside who is already."""
    sizes = problem.paper["fairness"]["wishes"]
    return _by_group(problem, 1, (sizes[wish] for wish in wishes))


def asked_for(problem: Problem) -> list[int]:
    """The people of each group who ask, beside requests also."""
    return _by_group(problem, 0, problem.paper["fairness"]["wishes"])


def _by_group(problem: Problem, column: int, rows: Iterable[Sequence[int]]) -> list[int]:
    """Sums of people, district, township; with a column of those who are beside the requests."""
    fairness = problem.paper["fairness"]
    found = [0] * fairness["groups"]
    beside = ([row[column], *row[-2:]] for row in fairness.get("already", []))
    for some, district, township in (*rows, *beside):
        found[district] += some
        found[township] += some
    return found


def _check_seats(problem: Problem, legs: list[Leg]) -> None:
    by_slot: dict[int, list[int]] = defaultdict(list)
    for leg in legs:
        by_slot[leg.resource].append(leg.quantity)
    for at, sizes in by_slot.items():
        seats, groups = problem.paper["slots"][at]
        hold(sum(sizes) <= seats, "seats_exceeded", at=at, has=seats, taken=sum(sizes))
        hold(groups is None or len(sizes) <= groups, "groups_exceeded", at=at, has=groups, taken=len(sizes))


def _check_times(problem: Problem, legs: list[tuple[int, Leg]]) -> None:
    held: dict[int, list[tuple[Taking, int]]] = defaultdict(list)
    for number, leg in legs:
        held[leg.resource].append((Taking(leg.occupied, leg.end, leg.place), number))
    for at, mine in held.items():
        for cap in problem.paper["timed"][at]["caps"].keys() - {"km"}:
            for when, taken in Counter(PERIODS[cap](taking.start) for taking, _ in mine).items():
                has = problem.left(at, cap, when)
                hold(taken <= has, f"cap_{cap}", at=at, has=has, when=when, taken=taken)
        busy = [(Taking(*each), -1) for each in problem.paper["timed"][at]["busy"]]
        _check_pairs(problem, at, sorted(mine + busy))
        _check_kilometres(problem, at, [taking for taking, _ in mine], [taking for taking, _ in busy])


def _check_kilometres(problem: Problem, at: int, mine: list[Taking], busy: list[Taking]) -> None:
    """In no month in which the plan sends a unit out does it drive more than it may."""
    if "km" not in problem.paper["timed"][at]["caps"]:
        return
    month, has = PERIODS["km"], problem.paper["timed"][at]["caps"]["km"]
    for when in {month(stop.start) for stop in mine}:
        taken = problem.driven(at, [stop for stop in mine + busy if month(stop.start) == when])
        hold(taken <= has, "cap_km", at=at, has=has, when=when, taken=taken)


def _check_pairs(problem: Problem, at: int, held: list[tuple[Taking, int]]) -> None:
    """Each appointment against all later ones that may be too near; what was there before has number -1."""
    rest = problem.rest(at)
    for n, (first, one) in enumerate(held):
        for m in range(n + 1, len(held)):
            second, other = held[m]
            if second.start >= first.end + rest + LONGEST_JOURNEY:
                break
            if max(one, other) >= 0:
                gap, code = second.start - first.end, "overlap" if min(one, other) >= 0 else "overlap_busy"
                hold(gap >= 0, code, at=at, one=max(one, other), other=min(one, other))
                need = problem.journey(first, second, rest)
                hold(gap >= need, "journey_impossible", at=at, gap=gap, need=need, one=max(one, other))
                has = gap - need
                hold(has >= rest, "rest_broken", at=at, has=has, rest=rest, one=max(one, other))


def _check_pools(problem: Problem, chosen: list[Option]) -> None:
    """What goes on grows, and what is left shrinks, only where a use begins: elsewhere need not be looked."""
    held: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for pool, start, end, quantity in (use for option in chosen for use in option.uses):
        held[pool].append((start, end, quantity))
    for at, mine in held.items():
        for when in {start for start, _, _ in (*mine, *problem.paper["pools"][at][1])}:
            taken = sum(quantity for start, end, quantity in mine if start <= when < end)
            has = problem.unused(at, when)
            hold(taken <= has, "pool_exceeded", at=at, when=when, has=has, taken=taken)


Prices = dict[tuple[int, str, int], int]
PoolPrices = dict[int, dict[int, int]]  # by pool and moment
Stand = tuple[int, Leg, int]  # an option, its leg there, and what the leg is given of its worth
Standing = dict[tuple[int, int], list[Stand]]


def check_certificate(problem: Problem, paper: dict[str, Any], floors: list[int]) -> int:
    """What no plan that brings the floors so many people can be worth more than, in whole points."""
    hold(paper["problem"] == problem.digest, "other_problem", at="certificate")
    hold(paper["scale"] == problem.paper["scale"], "scale_wrong")
    asked = problem.paper.get("fairness")
    for key in ("lifts", "ceilings"):
        hold((key in paper) == bool(asked), "fairness_unasked", at=f"certificate.{key}")
    lifts = paper.get("lifts", [])
    hold(len(lifts) == len(floors), "wrong_length", at="certificate.lifts")
    for at, lift in enumerate(lifts):
        hold(lift >= 0, "lift_negative", at=at)
    added = [(lifts[one] + lifts[other]) * size for size, one, other in asked["wishes"]] if asked else []
    worths = [paper["scale"] * o.value + (_of_all(added, o) if added else 0) for o in problem.options]
    free = sum(lift * floor for lift, floor in zip(lifts, floors, strict=True))
    return _proven(problem, paper, worths, free) // int(paper["scale"])


def highest(problem: Problem, ceilings: list[dict[str, Any]]) -> Fraction:
    """In no plan has the district with the lowest share more than this."""
    found, wishes = Fraction(1), problem.paper.get("fairness", {}).get("wishes", [])
    for n, ceiling in enumerate(ceilings):
        among = set(ceiling["districts"])
        sizes = [size if district in among else 0 for size, district, _ in wishes]
        groups = among & set(range(problem.paper["fairness"]["districts"]))
        demand, has = (sum(rows[at] for at in groups) for rows in (asked_for(problem), people(problem, ())))
        hold(demand > 0, "number_unknown", at=f"ceilings[{n}]")
        scale = problem.paper["scale"]
        bound = _proven(problem, ceiling, [scale * _of_all(sizes, o) for o in problem.options], 0)
        found = min(found, Fraction(scale * has + bound, scale * demand))
    return found


def _of_all(by_wish: list[int], option: Option) -> int:
    """The sum over all wishes that an option serves."""
    return sum(by_wish[wish] for wish in option.wishes) if option.beside else by_wish[option.wish]


def _proven(problem: Problem, proof: dict[str, Any], worths: list[int], free: int) -> int:
    """The bound of a proof about options that are worth so much, less what is `free`; in parts of a point."""
    requests, slots = proof["requests"], proof["slots"]
    hold(len(requests) == problem.paper["wishes"], "wrong_length", at="certificate.requests")
    hold(len(slots) == len(problem.paper["slots"]), "wrong_length", at="certificate.slots")
    for wish, price in enumerate(requests):
        hold(price >= 0, "request_price_negative", at=wish)
    caps, options = _cap_prices(problem, proof["caps"]), problem.options
    pools = _pool_prices(problem, proof.get("pools", []))
    left = [
        w - _of_all(requests, o) - _paid(problem, o, caps, pools)
        for w, o in zip(worths, options, strict=True)
    ]
    standing = _standing(problem, left, proof["shares"])
    for at, (best, (seats, groups)) in enumerate(zip(slots, problem.paper["slots"], strict=True)):
        more = _packs_more(standing.get((SLOT, at), []), seats, groups, best, at)
        hold(not more, "knapsack_understated", at=at, best=best)
    _check_stretches(problem, standing, proof["stretches"])
    parts = sum(price * problem.left(at, cap, when) for (at, cap, when), price in caps.items()) - free
    parts += sum(price * problem.unused(at, when) for at in pools for when, price in pools[at].items())
    parts += sum(requests) + sum(slots) + sum(row[-1] for row in proof["stretches"])
    hold(proof["bound"] >= parts, "bound_understated", has=parts, said=proof["bound"])
    return int(proof["bound"])


def _cap_prices(problem: Problem, rows: list[tuple[int, str, int, int]]) -> Prices:
    found: Prices = {}
    for n, (timed, cap, number, price) in enumerate(rows):
        at = f"caps[{n}]"
        known = timed < len(problem.paper["timed"]) and cap in problem.paper["timed"][timed]["caps"]
        hold(known, "cap_unknown", at=at)
        hold((timed, cap, number) not in found, "cap_twice", at=at)
        hold(price >= 0, "cap_price_negative", at=at)
        found[timed, cap, number] = price
    return found


def _pool_prices(problem: Problem, rows: list[tuple[int, int, int]]) -> PoolPrices:
    found: PoolPrices = defaultdict(dict)
    for n, (pool, moment, price) in enumerate(rows):
        at = f"pools[{n}]"
        hold(pool < len(problem.paper.get("pools", [])), "pool_unknown", at=at)
        hold(moment not in found[pool], "pool_twice", at=at)
        hold(price >= 0, "pool_price_negative", at=at)
        found[pool][moment] = price
    return found


def _paid(problem: Problem, option: Option, caps: Prices, pools: PoolPrices) -> int:
    """What an option pays for the caps that it counts under, and for what it uses of pools."""
    timed = [leg for leg in option.legs if leg.kind == TIMED] if caps else []
    counted = ((leg, cap) for leg in timed for cap in problem.paper["timed"][leg.resource]["caps"])
    paid = 0
    for leg, cap in counted:
        price = caps.get((leg.resource, cap, PERIODS[cap](leg.occupied)), 0)
        stop = option.wish, Taking(leg.occupied, leg.end, leg.place)
        paid += price * problem.least(leg.resource, stop) if price and cap == "km" else price
    for pool, start, end, quantity in option.uses if pools else ():
        prices = pools.get(pool, {}).items()
        paid += quantity * sum(price for moment, price in prices if start <= moment < end)
    return paid


def _standing(problem: Problem, worths: list[int], rows: list[tuple[int, list[int]]]) -> Standing:
    """By resource the legs on it, with what each is given of its option's worth: all, if it is alone."""
    split: dict[int, list[int]] = {}
    for n, (one, shares) in enumerate(rows):
        at, legs = f"shares[{n}]", problem.options[one].legs if one < len(worths) else []
        hold(len(legs) > 1, "shares_unneeded", at=at)
        hold(one not in split, "shares_twice", at=at)
        hold(len(shares) == len(legs), "wrong_length", at=at)
        split[one] = shares
    found: Standing = defaultdict(list)
    for one, (option, worth) in enumerate(zip(problem.options, worths, strict=True)):
        shares = [worth] if len(option.legs) == 1 else split.get(one, [])
        hold(bool(shares) or worth <= 0, "shares_missing", one=one, worth=worth)
        hold(not shares or sum(shares) >= worth, "shares_understated", one=one, has=sum(shares), worth=worth)
        for leg, share in zip(option.legs, shares, strict=False):
            if share > 0:
                found[leg.kind, leg.resource].append((one, leg, share))
    return found


def _packs_more(standing: list[Stand], seats: int, groups: int | None, best: int, at: int) -> bool:
    """Whether some of the legs fit the slot together and have shares of more than `best`.

    Goes through them from the most to the least share a seat, and keeps by seats and groups taken the most
    that they can be worth, but for what cannot pass `best` even if all the seats that are left were worth as
    much as those of the leg at hand.
    """
    items = [(leg.quantity, share) for _, leg, share in standing]
    states: dict[tuple[int, int], int] = {(0, 0): 0}
    steps = 0
    for size, share in sorted(items, key=lambda item: Fraction(-item[1], item[0])):
        steps += len(states)
        hold(steps <= MOST_STEPS, "too_hard", at=at)
        kept: dict[tuple[int, int], int] = {}
        for (used, number), value in states.items():
            if (best - value) * size >= (seats - used) * share:
                continue
            kept[used, number] = max(value, kept.get((used, number), 0))
            if used + size <= seats and (groups is None or number < groups):
                if value + share > best:
                    return True
                state = used + size, number + (groups is not None)
                kept[state] = max(value + share, kept.get(state, 0))
        states = kept
    return False


def _check_stretches(problem: Problem, standing: Standing, rows: list[list[Any]]) -> None:
    """Every leg lies on a stretch, and no plan of those on one is worth more than is stated for it."""
    rows = sorted(rows, key=lambda row: row[:2])
    timed = problem.paper["timed"]
    for at, start, end, _, _ in rows:
        hold(at < len(timed), "number_unknown", at=f"a stretch from {start}")
        hold(start < end <= LAST_MINUTE, "times_disordered", at=f"a stretch of timed {at}")
    for one, other in pairwise(rows):
        hold(one[0] < other[0] or one[2] <= other[1], "stretches_overlap", at=one[0], start=other[1])
    on: list[dict[Taking, int]] = [{} for _ in rows]
    for (kind, at), legs in standing.items():
        for number, leg, share in legs if kind == TIMED else ():
            n = bisect_right(rows, [at, leg.occupied], key=lambda row: row[:2]) - 1
            found = n >= 0 and rows[n][0] == at and leg.occupied < rows[n][2]
            hold(found, "stretch_missing", one=number, at=at)
            taking = Taking(leg.occupied, leg.end, leg.place)
            on[n][taking] = max(share, on[n].get(taking, 0))
    for (at, start, end, count, best), takings in zip(rows, on, strict=True):
        if count is not None:
            founded = start // DAY == (end - 1) // DAY and "day" in timed[at]["caps"]
            founded = founded and problem.left(at, "day", start // DAY) <= count
            hold(founded, "count_unfounded", at=at, start=start)
        has = _best_plan(problem, takings, count, problem.rest(at))
        hold(has <= best, "plan_understated", at=at, start=start, has=has, best=best)


def _best_plan(problem: Problem, takings: dict[Taking, int], count: int | None, rest: int) -> int:
    """The most that appointments one after the other can be worth, `count` of them or any number."""
    order = sorted(takings.items(), key=lambda item: (item[0].end, item[0]))
    if count is None or count >= len(order):
        return max(_ending(problem, order, None, rest), default=0)
    worth = [0] * len(order)
    for _ in range(count):
        worth = _ending(problem, order, worth, rest)
    return max(worth, default=0)


def _ending(
    problem: Problem, order: list[tuple[Taking, int]], before: list[int] | None, rest: int
) -> list[int]:
    """What the best plan that ends with each appointment is worth.

    What comes before it is one of the plans worth `before`, or of those just found if that is None.
    """
    ends = [each.end for each, _ in order]
    found: list[int] = []
    plans, tops = (found, []) if before is None else (before, list(accumulate(before, max)))
    for each, share in order:
        n, best = bisect_right(ends, each.start), 0
        while n and tops[n - 1] > best:
            n -= 1
            gap, last = each.start - order[n][0].end - rest, order[n][0]
            if plans[n] > best and gap >= problem.journey(last, each, rest):
                best = plans[n]
        found.append(best + share)
        if before is None:
            tops.append(max(tops[-1] if tops else 0, found[-1]))
    return found


def main(paths: Sequence[str]) -> int:
    """Say what holds; the exit code."""
    if len(paths) != 3:
        print("usage: verify.py problem.json solution.json certificate.json")
        return 2
    try:
        problem = problem_of(read("problem", paths[0]))
        solution = read("solution", paths[1])
        value, floors = check_solution(problem, solution)
        certificate = read("certificate", paths[2])
        bound = check_certificate(problem, certificate, floors)
        fair = _lowest(problem, solution, highest(problem, certificate.get("ceilings", [])))
    except Lie as lie:
        code, facts = lie.args
        english, chinese = (sentence.format(**facts) for sentence in FALSE[code])
        print(f"false: {code}: {english}\n不成立：{code}：{chinese}")
        return 1
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        print(f"unreadable: {type(error).__name__}\n无法读取：{type(error).__name__}")
        return 2
    number = sum(len(problem.options[one].wishes) for one in solution["chosen"])
    served = f"{number} of {problem.paper['wishes']} requests served"
    gap = 100 * (bound - value) / max(1, bound)
    print(f"true: {served}, value {value}, bound {bound}, gap {gap:.3f} %{fair}")
    return 0


def _lowest(problem: Problem, solution: dict[str, Any], most: Fraction) -> str:
    """What is said of the district with the lowest share: in this plan, in the fair one, and in any."""
    if "fair" not in solution:
        return ""
    number, said = problem.paper["fairness"]["districts"], []
    demand = asked_for(problem)[:number]
    for chosen in (solution["chosen"], solution["fair"]):
        has = people(problem, [wish for one in chosen for wish in problem.options[one].wishes])
        said.append(
            100 * min(Fraction(some, max(1, all_of)) for some, all_of in zip(has, demand, strict=False))
        )
    ceiling = f", none above {float(100 * most):.1f} %" if most < 1 else ""
    return f"; lowest district {float(said[0]):.1f} %, fair plan {float(said[1]):.1f} %{ceiling}"


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
