"""When a search is over, and when only one of its steps is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.matcher.engine.assemble import assemble
from services.matcher.engine.model import Limits
from services.matcher.engine.state import Ended, State, Watching
from services.matcher.engine.workers import Workers
from tests.builders import papers, problems

SECONDS = 10.0


class Clock:
    """Shows one moment after the other, each time it is looked at."""

    def __init__(self, *moments: float) -> None:
        self._moments = iter(moments)

    def __call__(self) -> float:
        return next(self._moments)


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(1) as made:
        yield made


def begun(workers: Workers, clock: Clock) -> State:
    problem = problems.problem(1, problems.Size(wishes=4))
    instance = assemble(problem, papers.options_of(problem)).instance
    state = State(instance, workers, 1, Limits(SECONDS), Watching(lambda _: None, lambda: False, clock))
    state.bound = 1
    return state


def test_time_that_runs_out_between_two_looks_at_the_clock_ends_the_search_at_the_next_one(
    workers: Workers,
) -> None:
    state = begun(workers, Clock(9.9, 10.1, 10.2))
    state.look()
    with pytest.raises(Ended):
        state.look()


def test_a_step_that_had_its_time_leaves_the_rest_to_the_next(workers: Workers) -> None:
    state = begun(workers, Clock(0.0, 0.0, 6.0, 6.0, 7.0, 7.0))
    steps = []
    with state.within(0.5):
        steps.append("begun")
        state.look()
        steps.append("not broken off")
    state.look()
    assert steps == ["begun"]
