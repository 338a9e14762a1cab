"""What is told of groups in parts: what counted, what would have helped, and what a mended plan is."""

from __future__ import annotations

from typing import Any

import pytest

from services.matcher.engine import repair as mending
from services.matcher.engine.assemble import assemble
from services.matcher.engine.at_once import AtOnce
from services.matcher.engine.explain import Explainer
from services.matcher.engine.helped import Change, helped
from services.matcher.engine.model import Problem, Slot, Wish
from services.matcher.engine.worth import Latent, imagined
from services.notices import texts
from tests.builders.papers import options_of
from tests.builders.settled import MUSEUM, a_problem, a_slot, a_wish, settled


def _large(key: str = "large", *days: int, **changes: Any) -> Wish:
    return a_wish(key, *(days or (0,)), **{"size": 110, "may_split": True, **changes})


def _three(day: int = 0) -> list[Slot]:
    return [a_slot(f"{day}{name}", day) for name in "abc"]


def _changes(problem: Problem) -> list[Change]:
    found = settled(problem)
    latent = Latent(problem, imagined(problem, problem.wishes))
    return list(helped(found, latent, Explainer(found).unserved, {}, lambda: False))


def test_the_fit_says_what_coming_in_parts_costs() -> None:
    match = Explainer(settled(a_problem([_large(place=MUSEUM)], _three()))).why_this(0)
    assert (match.pupils, match.fit, match.split, len(match.suits)) == (110, 90, 10, 3)
    assert match.value == 110 * 100 * 90 // 1000
    whole = Explainer(settled(a_problem([a_wish("a", 0)], [a_slot("s", 0)]))).why_this(0)
    assert whole.split == 0


def test_who_would_not_be_split_is_told_what_that_would_give() -> None:
    found = _changes(a_problem([_large(may_split=False)], _three()))
    (change,) = [each for each in found if each.code == "in_parts"]
    assert (change.amount, [leg.quantity for leg in change.option.legs]) == (3, [37, 37, 36])
    assert (change.added, change.topic, change.others) == (None, None, ())


@pytest.mark.parametrize("changes", [{"may_split": True}, {"kind": "training", "audience": "pupils"}])
def test_who_is_split_anyhow_or_never_is_not_told_so(changes: dict[str, Any]) -> None:
    slots = _three()[:2]
    found = _changes(a_problem([_large(**changes)], slots))
    assert "in_parts" not in {each.code for each in found}


def test_other_changes_count_all_parts_of_a_group() -> None:
    found = {each.code: each for each in _changes(a_problem([_large()], [*_three()[:2], *_three(2)]))}
    assert found["another_day"].amount == 2
    assert found["smaller_group"].amount == 55
    assert sum(leg.quantity for leg in found["smaller_group"].option.legs) == 55
    assert found["more_sessions"].option.legs[0].quantity == 110 if "more_sessions" in found else True


def test_another_day_of_a_part_does_not_take_away_from_who_is_there() -> None:
    """The group would fit in three sessions, one of which somebody has who can go nowhere else."""
    problem = a_problem([_large(may_split=False), a_wish("b", 0, need=180)], _three())
    assert "in_parts" not in {each.code for each in _changes(problem)}


def test_a_session_that_closes_takes_the_whole_group_to_another_day() -> None:
    problem = a_problem([_large("a", 0, 2)], [*_three(), *_three(2)])
    options = options_of(problem)
    before = next(at for at, option in enumerate(options) if option.legs[0].resource == "0a")
    event = mending.Event(gone=mending.gone_with(options, {("slot", "0b")}, "slot_cancelled"))
    after = mending.repair(assemble(problem, options).instance, [before], event)
    (chosen,) = after.chosen
    assert [leg.resource for leg in options[chosen].legs] == ["2a", "2b", "2c"]
    assert [(each.before, each.after) for each in after.moved] == [(before, chosen)]


def test_a_large_group_is_answered_at_once_in_parts() -> None:
    problem = a_problem([_large(), a_wish("late", 0)], _three())
    desk = AtOnce(problem)
    answer = desk.ask(problem.wishes[0])
    assert answer.option is not None
    assert [leg.quantity for leg in answer.option.legs] == [37, 37, 36]
    desk.take(answer.option)
    refused = desk.ask(problem.wishes[1])
    assert refused.option is None
    assert ("slot", "contest", 3) in {(each.kind, each.code, each.count) for each in refused.finding.reasons}


def test_a_notice_says_in_how_many_groups() -> None:
    said = {"group_size": 110, "parts": [40, 40, 30]}
    assert "110（分3组：40 + 40 + 30）" in texts.rendered("match_confirmed", said, "zh").body
    assert "110 (in 3 groups: 40 + 40 + 30)" in texts.rendered("match_confirmed", said, "en").body
    assert "groups" not in texts.rendered("match_confirmed", {"group_size": 40, "parts": [40]}, "en").body
