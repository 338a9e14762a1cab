"""Files of the generalised assignment problem, read as the engine's instance and back."""

from __future__ import annotations

from itertools import product

import pytest

from services.matcher.engine import assignment
from services.matcher.engine.assignment import NotAnAssignment
from services.matcher.engine.instance import Instance

# Two agents, three jobs; the first agent has no room for the third job at all.
TINY = """
 2 3
 4 7 9
 6 2 3
 5 5 8
 4 6 5
 7 11
"""


def plans(instance: Instance) -> list[list[int]]:
    """Every choice of at most one option a wish within the seats."""
    chances = [
        [None, *(n for n in range(instance.options) if instance.wish[n] == wish)]
        for wish in range(instance.wishes)
    ]
    chosen = [[n for n in plan if n is not None] for plan in product(*chances)]
    return [plan for plan in chosen if fits(instance, plan)]


def fits(instance: Instance, plan: list[int]) -> bool:
    used = [0] * len(instance.shelves.seats)
    for number in plan:
        leg = instance.legs_of[number]
        used[instance.legs.shelf[leg]] += instance.legs.size[leg]
    return all(need <= seats for need, seats in zip(used, instance.shelves.seats, strict=True))


def worth(instance: Instance, plan: list[int]) -> int:
    return int(instance.value[plan].sum())


def test_jobs_are_wishes_and_agents_are_shelves_with_seats() -> None:
    instance = assignment.read(TINY)
    assert instance.wishes == 3
    assert instance.shelves.seats.tolist() == [7, 11]
    assert instance.wish.tolist() == [0, 0, 1, 1, 2]
    assert instance.legs.shelf.tolist() == [0, 1, 0, 1, 1]
    assert instance.legs.size.tolist() == [5, 4, 5, 6, 5]
    assert instance.of_wish.first.tolist() == [0, 2, 4, 5]
    assert instance.on_shelf.items.tolist() == [0, 2, 1, 3, 4]
    assert len(instance.rows.limit) == len(instance.takings.end) == 0


def test_the_best_plan_is_the_cheapest_assignment_of_all_jobs() -> None:
    task, instance = assignment.parse(TINY), assignment.read(TINY)
    best = max(plans(instance), key=lambda plan: worth(instance, plan))
    agents = assignment.agents_of(instance, best)
    assert agents == {0: 0, 1: 1, 2: 1}
    assert assignment.is_kept(task, agents)
    assert task.cost_of(worth(instance, best)) == 4 + 2 + 3


def test_a_bound_on_values_is_a_bound_on_costs() -> None:
    task, instance = assignment.parse(TINY), assignment.read(TINY)
    best = max(worth(instance, plan) for plan in plans(instance))
    assert task.cost_of(best + 2) == task.cost_of(best) - 2


def test_one_more_job_always_wins() -> None:
    instance = assignment.read(TINY)
    by_jobs = [(len(plan), worth(instance, plan)) for plan in plans(instance)]
    for jobs, value in by_jobs:
        assert all(value > other for fewer, other in by_jobs if fewer < jobs)


def test_a_job_that_no_agent_has_room_for_has_no_option() -> None:
    instance = assignment.read("1 2  5 5  3 9  8")
    assert instance.wish.tolist() == [0]
    task = assignment.parse("1 2  5 5  3 9  8")
    assert not assignment.is_kept(task, assignment.agents_of(instance, [0]))


def test_a_plan_beyond_capacity_is_not_kept() -> None:
    assert not assignment.is_kept(assignment.parse(TINY), {0: 1, 1: 1, 2: 1})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "0 3",
        "2 3 4 7",
        TINY + " 1",
        TINY.replace("11", "-11"),
        TINY.replace("11", "1e1"),
        TINY.replace("11", "1_1"),
        TINY.replace("11", "١١"),
        TINY.replace("11", "9" * 5000),
        "999999999 999999999 1",
        "-2 -3 " + "1 " * 14,
        "<html>not found</html>",
        "1 9000 " + "999999999 " * 9000 + "1 " * 9000 + "7",
    ],
)
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(NotAnAssignment):
        assignment.read(text)
