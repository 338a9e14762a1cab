"""The whole load test: ratios, a phase at rest, a phase beside a long solve, and what must have held."""

from __future__ import annotations

import datetime as dt
import sys
import time

from deploy.demo.crowd import say
from deploy.local.progress import StackError
from deploy.local.settings import CHECKOUT
from deploy.local.stack import Stack
from loadtests import checks, machine, phase, report, settings
from loadtests.doubled import doubled
from loadtests.quiet import wait_until_quiet
from loadtests.ratios import bus, searching, submissions
from loadtests.region import NotLoaded, Region
from loadtests.report import Run
from loadtests.settings import Settings
from loadtests.solving import Keeper

PAGE = CHECKOUT / "docs/benchmarks.md"
_POLL_SECONDS, _SOLVER_SECONDS = 0.25, 60.0
_FAILED, _NOT_READY = 1, 2


def main() -> int:
    """0 if every promise held, whatever the ratios; 1 if one broke; 2 if there is no stack to load."""
    wanted, stack = settings.from_environment(), Stack()
    try:
        run = measured(stack, wanted)
    except (NotLoaded, StackError) as error:
        print(f"load: {error}", file=sys.stderr)
        return _NOT_READY
    errors = checks.errors_of(run.phases)
    told = report.text(run, errors)
    report.write(PAGE, told)
    print(told)
    for line in report.ratio_lines(run):
        print(line)
    return 0 if run.check_ok and not errors else _FAILED


def measured(stack: Stack, wanted: Settings) -> Run:
    """Everything, in the order in which nothing disturbs what comes after it."""
    if not stack.is_up():
        raise NotLoaded("the stack is not up; run `make demo` first")
    run = Run(wanted, machine.lines(stack.settings), dt.datetime.now(dt.UTC), machine.load())
    region = Region(stack)
    region.open_round(wanted.solve_seconds)
    region.offer_sessions(region.ground(wanted.rate, wanted.duration))
    wait_until_quiet(stack)
    with doubled(stack, "demand"):
        _compare(run, stack, region)
        wait_until_quiet(stack)
        say(f"arrivals at rest: {wanted.rate:g} visits/s for {wanted.duration:.0f} s")
        run.rest = phase.run(region.ground(wanted.rate, wanted.duration))
        region.submit_broad(region.ground(wanted.rate, wanted.duration))
        wait_until_quiet(stack)
        _beside_a_solve(run, region)
        region.cancel_solve()
    run.check_ok, run.check = checks.of_the_stack(stack)
    return run


def _compare(run: Run, stack: Stack, region: Region) -> None:
    wanted, there = run.settings, region.ground(run.settings.rate, run.settings.duration)
    say("search beside Elasticsearch")
    run.ratios.append(searching.measure(stack, there, wanted.ratio_seconds, region.now(), wanted.repeats))
    say("relay and inbox beside bare messages")
    run.ratios.append(bus.measure(stack, wanted.messages, wanted.repeats))
    say("submissions beside pgbench")
    script = submissions.recorded(stack, there)
    run.ratios.append(submissions.measure(stack, there, script, wanted.ratio_seconds, wanted.repeats))


def _beside_a_solve(run: Run, region: Region) -> None:
    there = region.ground(run.settings.rate, run.settings.duration)
    region.close_round()
    there = region.in_another_round(there)
    _wait_for_solver(region)
    say("the same arrivals while a round is solved")
    with Keeper(region.progress, region.solve_again, region.moment) as keeper:
        run.solving = phase.run(there)
    run.solve_share, run.solves = keeper.share(), keeper.work.solves


def _wait_for_solver(region: Region) -> None:
    """Returns when a solve has begun, be it over by then."""
    deadline = time.monotonic() + _SOLVER_SECONDS
    while not (region.progress() or {}).get("started_at") and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
