"""An exhibition with its opening lecture, in small stories: both or nothing, in plans and what is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.matcher.engine.at_once import AtOnce
from services.matcher.engine.explain import Explainer
from services.matcher.engine.helped import Change, helped
from services.matcher.engine.model import Claim, Expert, Pool, Problem, Unit, Use, Window, Wish
from services.matcher.engine.repair import Event, repair
from services.matcher.engine.worth import Latent, by_price, imagined
from tests.builders.settled import FAR, SCHOOL, a_problem, a_wish, an_expert, at, openly, settled

WEEK = (Window(at(0, 0), at(5, 0)),)
TUESDAY = (Window(at(1, 0), at(2, 0)),)


def an_exhibition(key: str, **changes: Any) -> Wish:
    """Forty pupils who would have an exhibition opened for them in the first week."""
    return replace(a_wish(key, 0, kind="exhibition", with_expert=True, windows=WEEK), **changes)


def a_unit(key: str, **changes: Any) -> Unit:
    """A van with stars that stays for two days."""
    return replace(Unit(key, frozenset({"stars"}), SCHOOL, min_days=2), **changes)


def a_week(wishes: list[Wish], units: list[Unit], experts: list[Expert]) -> Problem:
    """No slots, and these."""
    return replace(a_problem(wishes, [], experts), units=tuple(units))


def changes(problem: Problem) -> dict[str, Change]:
    """What would have helped the unserved, by code."""
    solved = settled(problem)
    unserved = Explainer(solved).unserved
    latent = Latent(problem, imagined(problem, [problem.wishes[number] for number in unserved]))
    return {change.code: change for change in helped(solved, latent, unserved, {}, lambda: False)}


def test_two_schools_share_a_van_and_an_expert_who_comes_once_a_day() -> None:
    problem = a_week([an_exhibition("one"), an_exhibition("two")], [a_unit("van")], [an_expert("e", 0, 2)])
    chosen = openly(problem).chosen
    assert [[leg.kind for leg in option.legs] for option in chosen] == [["expert", "unit"]] * 2
    assert sorted(option.legs[1].start for option in chosen) == [at(0, 480), at(2, 480)]
    assert all(option.legs[0].start // 1440 == option.legs[1].start // 1440 for option in chosen)


def test_a_van_does_not_come_where_its_opening_is_taken() -> None:
    wishes = [an_exhibition("one", need=180), an_exhibition("two")]
    problem = a_week(wishes, [a_unit("van"), a_unit("bus")], [an_expert("e", 0)])
    assert [option.wish for option in openly(problem).chosen] == [0]
    why = Explainer(settled(problem)).why_not(1)
    assert why is not None
    assert (why.holders, why.least) == (1, 180)


def test_why_this_counts_both() -> None:
    (option,) = openly(a_week([an_exhibition("one")], [a_unit("van")], [an_expert("e", 0)])).chosen
    told = Explainer(settled(a_week([an_exhibition("one")], [a_unit("van")], [an_expert("e", 0)]))).why_this(
        0
    )
    assert [each.kind for each in told.suits] == ["expert", "unit"]
    assert (told.fit, told.value) == (100, option.value)


def test_a_class_is_at_its_exhibition_for_the_whole_stay() -> None:
    busy = Pool("4-1", 1, "class_busy", (Use("4-1", at(1), at(1) + 60),))
    wish = an_exhibition("one", claims=(Claim("4-1"),))
    problem = replace(a_week([wish], [a_unit("van")], [an_expert("e", 0, 1, 2)]), pools=(busy,))
    (option,) = openly(problem).chosen
    assert option.uses == (Use("4-1", at(2, 480), at(3, 1020)),)
    assert all(each.legs[1].start > at(2, 0) for each in settled(problem).options)


# -- what would have helped


def test_without_its_opening_it_could_come() -> None:
    found = changes(a_week([an_exhibition("one")], [a_unit("van")], []))
    assert [leg.kind for leg in found["without_expert"].option.legs] == ["unit"]
    added = found["more_experts"].added
    assert added is not None
    assert (added.topic, added.day) == ("stars", found["more_experts"].option.legs[0].start // 1440)


def test_one_more_week_of_a_van_would_be_opened_by_who_is_there() -> None:
    away = a_unit("van", windows=(Window(at(20, 0), at(30, 0)),))
    found = changes(a_week([an_exhibition("one")], [away], [an_expert("e", 0)]))
    assert found["more_unit_days"].option.legs[0].resource == "e"


def test_a_longer_way_may_be_the_experts() -> None:
    far = an_expert("e", 0, home=FAR)
    found = changes(a_week([an_exhibition("one", limit_km=20.0)], [a_unit("van")], [far]))
    assert found["longer_distance"].amount == 100


def test_an_expert_more_is_worth_the_exhibition() -> None:
    problem = a_week([an_exhibition("one")], [a_unit("van")], [])
    latent = Latent(problem, imagined(problem, problem.wishes))
    worth = by_price(latent, settled(problem).certificate.request, [0])
    assert {added.code for added in worth} == {"more_experts"}
    assert max(worth.values()) == max(option.value for option in latent.options(0))


# -- at once, and put right


def test_at_once_both_are_taken() -> None:
    one, two = an_exhibition("one", windows=TUESDAY), an_exhibition("two", windows=TUESDAY)
    vans = [a_unit("van", min_days=1), a_unit("bus", min_days=1)]
    now = AtOnce(a_week([one, two], vans, [an_expert("e", 1)]))
    first = now.ask(one).option
    assert first is not None
    now.take(first)
    refused = now.ask(two)
    assert (refused.option, refused.finding.reasons[-1].code) == (None, "contest")
    assert now.ask(replace(two, with_expert=False)).option is not None


@pytest.mark.parametrize("resource", ["e", "van"])
def test_with_one_leg_gone_the_other_goes_too_or_both_are_found_anew(resource: str) -> None:
    problem = a_week([an_exhibition("one")], [a_unit("van")], [an_expert("e", 0)])
    solved = settled(problem)
    gone = {
        n: "ill" for n, each in enumerate(solved.options) if resource in [leg.resource for leg in each.legs]
    }
    alone = repair(solved.assembled.instance, solved.chosen, Event(gone))
    assert alone.chosen == []
    more = settled(
        replace(problem, experts=(*problem.experts, an_expert("f", 2)), units=(a_unit("van"), a_unit("bus")))
    )
    before = [
        n for n, each in enumerate(more.options) if {leg.resource for leg in each.legs} == {"e", "van"}
    ][:1]
    gone = {
        n: "ill" for n, each in enumerate(more.options) if resource in [leg.resource for leg in each.legs]
    }
    (after,) = repair(more.assembled.instance, before, Event(gone)).chosen
    assert resource not in [leg.resource for leg in more.options[after].legs]
    assert [leg.kind for leg in more.options[after].legs] == ["expert", "unit"]
