"""The generalised assignment problem as an instance: jobs are wishes, agents are shelves with seats.

A file holds the number of agents and of jobs, the costs (a row of jobs for each agent), what a job uses of an
agent (likewise), and the agents' capacities. Costs are to be least with every job assigned; an instance's
value is to be most. So an option is worth M - cost, and a plan of all n jobs costs n M - value. With M above
the sum of each job's highest cost one more job assigned always wins; a few times the highest cost nearly
always does as well, and keeps the values of the size that costs are told apart by.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.engine.instance import (
    ENDLESS,
    Instance,
    Ints,
    Legs,
    Rows,
    Shelves,
    Table,
    Takings,
    table,
)

_DIGITS, _MOST_PAIRS = 9, 5_000_000
_FEW_TIMES = 3
# The values of all jobs together, in hundredths, stay far from where 64 bits end.
_MOST_VALUE = 1 << 55


class NotAnAssignment(ValueError):
    """The text is no generalised assignment problem; says why."""


class Assignment(NamedTuple):
    """`cost` and `use` by agent and job, `capacity` by agent; `ceiling` is M."""

    cost: Ints
    use: Ints
    capacity: Ints
    ceiling: int

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return int(self.cost.shape[1])

    def surely(self) -> Assignment:
        """The same with M more than any assignment costs."""
        return self._replace(ceiling=int(self.cost.max(axis=0).sum()) + 1)

    def cost_of(self, value: int) -> int:
        """What a plan of all jobs costs that is worth `value`; of a bound on values, the bound on costs."""
        return self.jobs * self.ceiling - value


def read(text: str) -> Instance:
    """The instance of a file's text; NotAnAssignment if it is no such file."""
    return instance(parse(text))


def parse(text: str) -> Assignment:
    """The numbers of a file's text; NotAnAssignment if it is no such file."""
    words = text.split()
    if len(words) < 2:
        raise NotAnAssignment("there are no numbers of agents and jobs")
    agents, jobs = _number(words[0]), _number(words[1])
    pairs = agents * jobs
    if not 0 < pairs <= _MOST_PAIRS:
        raise NotAnAssignment(f"{agents} agents and {jobs} jobs")
    if len(words) != 2 + 2 * pairs + agents:
        raise NotAnAssignment(f"{len(words)} numbers instead of {2 + 2 * pairs + agents}")
    numbers = np.array([_number(word) for word in words[2:]], dtype=np.int64)
    cost, use, capacity = np.split(numbers, [pairs, 2 * pairs])
    ceiling = _FEW_TIMES * int(cost.max()) + 1
    task = Assignment(cost.reshape(agents, jobs), use.reshape(agents, jobs), capacity, ceiling)
    if task.jobs * max(ceiling, task.surely().ceiling) > _MOST_VALUE:
        raise NotAnAssignment("the costs are too large")
    return task


def instance(task: Assignment) -> Instance:
    """One option for each job and each agent whom it does not use up beyond capacity, by job."""
    job, agent = np.nonzero((task.use <= task.capacity[:, None]).T)
    number, nothing = len(job), np.zeros(0, dtype=np.int64)
    legs = Legs(agent, task.use[agent, job], np.full(number, -1, dtype=np.int64))
    agents = len(task.capacity)
    none = np.zeros(agents + 1, dtype=np.int64)
    return Instance(
        wishes=task.jobs,
        wish=job,
        value=task.ceiling - task.cost[agent, job],
        of_wish=table(job, task.jobs),
        legs_of=np.arange(number + 1, dtype=np.int64),
        legs=legs,
        on_shelf=table(agent, agents),
        shelves=Shelves(task.capacity, np.full(agents, ENDLESS, dtype=np.int64), none),
        takings=Takings(nothing, nothing, nothing, Table(np.zeros(1, dtype=np.int64), nothing)),
        rows=Rows(nothing, Table(np.zeros(number + 1, dtype=np.int64), nothing), *[nothing] * 3),
    )


def agents_of(instance: Instance, chosen: list[int]) -> dict[int, int]:
    """The agent of each assigned job, from the numbers of the chosen options."""
    shelf = instance.legs.shelf[instance.legs_of[chosen]]
    return dict(zip(instance.wish[chosen].tolist(), shelf.tolist(), strict=True))


def is_kept(task: Assignment, agents: dict[int, int]) -> bool:
    """Whether every job has an agent, and no agent is used beyond capacity."""
    used = np.zeros(len(task.capacity), dtype=np.int64)
    for job, agent in agents.items():
        used[agent] += task.use[agent, job]
    return len(agents) == task.jobs and bool((used <= task.capacity).all())


def _number(word: str) -> int:
    """A whole number, not below zero, of few digits."""
    if not (word.isascii() and word.isdigit() and len(word) <= _DIGITS):
        raise NotAnAssignment(f"{word[:20]!r} is no number")
    return int(word)
