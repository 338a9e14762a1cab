"""A round read back from its papers is the round that was solved."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.engine.bids import Costs
from services.matcher.engine.explain import Settled
from services.matcher.engine.model import Papers
from services.matcher.engine.pending import OtherPapers, Pending, read
from services.matcher.engine.published import documents
from tests.builders import problems
from tests.builders.settled import a_problem, a_slot, a_wish, an_expert, settled

SEEDS = st.integers(0, 10**6)
SIZE = problems.Size(wishes=12, programmes=4, slots=12, experts=4, units=2, days=5, topics=3, rests=True)


def papers_of(its: Settled) -> Papers:
    """As they are published, with the keys beside them."""
    problem = its.problem
    return documents(problem, its.options, its.assembled, its.chosen, its.certificate, problem.roads)


def is_the_same(its: Settled, back: Pending) -> None:
    """Options, arrays and prices are what they were; only what a programme is called has gone."""
    assert [option.legs for option in back.options] == [
        tuple(leg._replace(programme=None) for leg in option.legs) for option in its.options
    ]
    assert back.assembled.shelves == its.assembled.shelves
    assert back.assembled.rows == its.assembled.rows
    assert {str(key): rest for key, rest in its.assembled.rests.items()} == dict(back.assembled.rests)
    for name in ("request", "row", "share", "shelf"):
        assert np.array_equal(getattr(back.certificate, name), getattr(its.certificate, name))
    assert back.certificate.bound == its.certificate.bound
    assert list(back.chosen) == sorted(its.chosen)
    assert list(back.keys) == [wish.key for wish in its.problem.wishes]


@settings(max_examples=6, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_what_was_published_is_read_back_as_it_was(seed: int) -> None:
    its = settled(problems.problem(seed, SIZE))
    back = read(papers_of(its), its.problem.roads, str)
    is_the_same(its, back)
    roads = its.problem.roads
    before = Costs(Pending(its.options, its.assembled, its.certificate), roads)
    after = Costs(back, roads)
    assert [after.of(option) for option in back.options] == [before.of(option) for option in its.options]


def test_two_legs_share_as_they_did() -> None:
    wishes = [a_wish(f"wish{number}", 0, 1, with_expert=True) for number in range(3)]
    its = settled(a_problem(wishes, [a_slot("s", 0), a_slot("t", 1)], [an_expert("e", 0, 1)]))
    assert any(len(option.legs) == 2 for option in its.options)
    is_the_same(its, read(papers_of(its), its.problem.roads, str))


def test_keys_are_in_none_of_the_papers_that_are_shown() -> None:
    its = settled(a_problem([a_wish("of-nobody", 0)], [a_slot("of-the-museum", 0)]))
    *shown, keys = papers_of(its)
    for name in ("of-nobody", "of-the-museum"):
        assert name in keys
        assert not any(name in paper for paper in shown)


def test_papers_of_two_problems_are_refused() -> None:
    first, second = (papers_of(settled(a_problem([a_wish("w", day)], [a_slot("s", day)]))) for day in (0, 1))
    roads = problems.FlatRoads()
    with pytest.raises(OtherPapers):
        read(first._replace(certificate=second.certificate), roads, str)
    plain = json.loads(first.keys)
    assert plain["format"] == "keqiao-keys-1"
