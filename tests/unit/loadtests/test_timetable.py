"""Visits are due at random at the rate that was asked for, and come in proportion."""

from __future__ import annotations

import random
from itertools import pairwise

from loadtests.timetable import due_times, pick


def test_visits_are_due_at_the_rate_in_order_and_not_after_the_end() -> None:
    due = list(due_times(20.0, 100.0, random.Random(7)))
    assert 1800 < len(due) < 2200
    assert due == sorted(due)
    assert 0 < due[0] < due[-1] < 100.0


def test_the_gaps_are_uneven_as_arrivals_are() -> None:
    due = list(due_times(10.0, 1000.0, random.Random(7)))
    gaps = [after - before for before, after in pairwise(due)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert 0.9 < spread / mean < 1.1  # of a Poisson process the two are the same


def test_stories_come_in_proportion() -> None:
    told: list[str] = []
    weighted = [(3, lambda: told.append("often")), (1, lambda: told.append("seldom"))]
    chance = random.Random(7)
    for _ in range(1000):
        pick(weighted, chance)()
    assert 700 < told.count("often") < 800
