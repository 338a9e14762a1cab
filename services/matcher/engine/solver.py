"""The joint solve: candidates, the instance of them, the search, and the papers that prove what was found.

Everything is put into an order drawn by lot from the seed before it is looked at. Equal plans are told apart
by that order alone, so that neither the order in which requests came nor their names favour anybody.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np

from services.matcher.engine import collector
from services.matcher.engine.assemble import Assembled, assemble
from services.matcher.engine.candidates import Finder
from services.matcher.engine.fairness import Fair, Fairness
from services.matcher.engine.groups import groups_of
from services.matcher.engine.instance import Certificate, Instance, served
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.load import evened
from services.matcher.engine.lot import by_lot, wishes_by_lot
from services.matcher.engine.model import (
    FairnessTold,
    Finding,
    GroupShare,
    Key,
    Limits,
    Member,
    Option,
    Problem,
    Progress,
    Reason,
    Solution,
)
from services.matcher.engine.plan import Plan, is_possible
from services.matcher.engine.pools import lost
from services.matcher.engine.published import documents
from services.matcher.engine.search import Outcome, search
from services.matcher.engine.state import Elapsed, Report, ShouldStop

_EVERY = 64
# Seconds after the search for each wish, by a rule of thumb, and the most of all seconds that they may be.
_AFTER_A_WISH, _MOST_AFTER = 0.0002, 0.17
_Numbered = TypeVar("_Numbered", Option, Member)


class ImpossiblePlan(AssertionError):
    """The rows let through what the plain rules do not: an error of the engine, never of its input."""


class Solved(NamedTuple):
    """A solution and what it was found in: `problem` in the order of the lot, `chosen` among `options`."""

    solution: Solution
    problem: Problem
    options: list[Option]
    assembled: Assembled
    chosen: list[int]
    certificate: Certificate
    fairness: Fairness | None = None


def solve(
    problem: Problem,
    limits: Limits,
    report: Report,
    should_stop: ShouldStop,
    *,
    elapsed: Elapsed | None = None,
    begin: Callable[[], None] | None = None,
    with_papers: bool = False,
) -> Solution:
    """The best plan within `limits`, with its bound, and its papers if they are asked for.

    Calls `report` as it gets on, and ends soon after `should_stop()` is true, with the best plan so far; a
    finding is then missing for each wish that was not looked at. `elapsed` tells the seconds since the solve
    began: without it the work that is meant for `limits.seconds` is done in full. `begin` is called on every
    thread that computes. The same problem, in any order, and the same limits give the same plan on any number
    of threads, unless time ran out.
    """
    solved = solve_openly(problem, limits, report, should_stop, elapsed=elapsed, begin=begin)
    if isinstance(solved, Solution):
        return solved
    solution = replace(solved.solution, openly=solved)
    if not with_papers:
        return solution
    report(Progress("papers", solved.solution.value, solved.solution.bound))
    papers = documents(
        solved.problem,
        solved.options,
        solved.assembled,
        solved.chosen,
        solved.certificate,
        solved.problem.roads,
        solved.fairness,
    )
    return replace(solution, papers=papers)


def solve_openly(
    problem: Problem,
    limits: Limits,
    report: Report,
    should_stop: ShouldStop,
    *,
    elapsed: Elapsed | None = None,
    begin: Callable[[], None] | None = None,
) -> Solved | Solution:
    """As `solve`, with all that it was found in; a bare Solution if stopped among the candidates."""
    drawn = _drawn(problem)
    with collector.at_rest():
        options, findings = _candidates(drawn, report, should_stop)
        if len(findings) < len(problem.wishes):
            return Solution((), 0, 0, "stopped", len(options), findings)
        report(Progress("assembling"))
        assembled = assemble(drawn, options)
    outcome = search(
        assembled.instance,
        seed=_number(problem.seed),
        limits=_for_the_search(limits, drawn),
        report=report,
        should_stop=should_stop,
        elapsed=elapsed,
        begin=begin,
        fair=_fair(drawn),
    )
    with collector.at_rest():
        return _solved(problem, drawn, options, findings, assembled, outcome)


def _for_the_search(limits: Limits, problem: Problem) -> Limits:
    """The limits less the seconds that are wanted after the search, for sharing out and for telling."""
    after = min(limits.seconds * _MOST_AFTER, len(problem.wishes) * _AFTER_A_WISH)
    return replace(limits, seconds=limits.seconds - after)


def _solved(
    asked: Problem,
    drawn: Problem,
    options: list[Option],
    findings: Mapping[Key, Finding],
    assembled: Assembled,
    outcome: Outcome,
) -> Solved:
    """What was found, in the words and the order of what was asked."""
    shared = evened(assembled.instance, options, drawn.experts, outcome.chosen)
    numbers = _possible(drawn, options, shared.chosen, outcome.chosen)
    chosen = [options[number] for number in numbers]
    solution = Solution(
        chosen=_as_asked(asked, drawn, chosen),
        value=outcome.value,
        bound=outcome.bound,
        status=outcome.status,
        options=len(options),
        findings=_with_contests(drawn, options, findings, chosen),
        fairness=outcome.fairness and _told(outcome.fairness, assembled.instance, numbers),
        load=shared.load if numbers == shared.chosen else None,
    )
    return Solved(solution, drawn, options, assembled, numbers, outcome.certificate, outcome.fairness)


def _possible(problem: Problem, options: Sequence[Option], *plans: list[int]) -> list[int]:
    """The first of the plans that the plain rules allow; raises ImpossiblePlan if there is none."""
    for plan in plans:
        if is_possible(problem, [options[number] for number in plan]):
            return plan
    raise ImpossiblePlan(f"{len(plans[-1])} options")


def _fair(problem: Problem) -> Fair | None:
    """What is fair, if it is asked for and there is more than one group."""
    if not problem.fairness or not problem.wishes:
        return None
    groups = groups_of(problem.wishes, problem.already)
    return Fair(groups, problem.fairness) if len(groups.demand) > 2 else None


def _told(fairness: Fairness, instance: Instance, chosen: Sequence[int]) -> FairnessTold:
    """What the fairness of a plan comes to, by district."""
    groups = fairness.floors.groups
    plans = (np.array(each, dtype=np.int64) for each in (fairness.plan, chosen))
    plan, ours = (groups.served(served(instance, each)) for each in plans)
    columns = (groups.demand, groups.already, plan, fairness.floors.least, ours)
    rows = zip(groups.names, *columns, strict=True)
    shares = tuple(GroupShare(name, *(int(each) for each in numbers)) for name, *numbers in rows)
    return FairnessTold(shares, fairness.highest, fairness.value, fairness.people)


def _drawn(problem: Problem) -> Problem:
    """The problem in the order of the lot, with roads that are asked about each pair of places once."""
    seed = problem.seed
    programmes = by_lot(seed, problem.programmes.values())
    return replace(
        problem,
        wishes=wishes_by_lot(seed, problem.salt, problem.wishes),
        programmes={programme.key: programme for programme in programmes},
        slots=by_lot(seed, problem.slots),
        experts=by_lot(seed, problem.experts),
        units=by_lot(seed, problem.units),
        pools=by_lot(seed, problem.pools),
        roads=KnownRoads(problem.roads),
    )


def _candidates(
    problem: Problem, report: Report, should_stop: ShouldStop
) -> tuple[list[Option], dict[Key, Finding]]:
    options: list[Option] = []
    findings: dict[Key, Finding] = {}
    finder = Finder(problem)
    for number, (found, finding) in enumerate(finder.all()):
        if number % _EVERY == 0:
            report(Progress("candidates"))
            if should_stop():
                break
        options.extend(found)
        findings[problem.wishes[number].key] = finding
    if len(findings) == len(problem.wishes):
        together = finder.companies()
        options.extend(together)
        findings |= _with_companies(problem, findings, together)
    return options, findings


def _with_companies(
    problem: Problem, findings: Mapping[Key, Finding], together: Sequence[Option]
) -> dict[Key, Finding]:
    """The findings of those who could come with others, with these ways to be served."""
    more = Counter(problem.wishes[wish].key for option in together for wish in option.wishes)
    return {
        key: replace(findings[key], candidates=findings[key].candidates + number)
        for key, number in more.items()
    }


def _as_asked(asked: Problem, drawn: Problem, chosen: Sequence[Option]) -> tuple[Option, ...]:
    """Options with the numbers that their wishes have in the problem as it was asked, in their order."""
    number = {wish.key: at for at, wish in enumerate(asked.wishes)}

    def asked_of(each: _Numbered) -> _Numbered:
        return each._replace(wish=number[drawn.wishes[each.wish].key])

    found = (
        asked_of(option)._replace(company=tuple(map(asked_of, option.company)))
        if option.company
        else asked_of(option)
        for option in chosen
    )
    return tuple(sorted(found, key=lambda option: option.wish))


def _with_contests(
    problem: Problem, options: Sequence[Option], findings: Mapping[Key, Finding], chosen: Sequence[Option]
) -> dict[Key, Finding]:
    """Findings in which a wish that had candidates and got none lost them to others, or with a pool."""
    plan = Plan(problem)
    for option in chosen:
        plan.add(option)
    served = {wish for option in chosen for wish in option.wishes}
    gone: dict[Key, list[Option]] = {}
    for option in options:
        for wish in option.wishes:
            if wish not in served:
                gone.setdefault(problem.wishes[wish].key, []).append(option)
    return {**findings, **{key: _contested(findings[key], each, plan) for key, each in gone.items()}}


def _contested(finding: Finding, gone: Sequence[Option], plan: Plan) -> Finding:
    contests = tuple(Reason(*each) for each in lost((), gone, plan.used_up))
    return Finding(finding.candidates, finding.reasons + contests)


def _number(seed: str) -> int:
    """A seed for the search, from the round's."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6])
