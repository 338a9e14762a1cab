"""Two sides of a ratio are measured in turn, and their medians compared with the goal."""

from __future__ import annotations

import pytest

from loadtests.ratios.pairing import Ratio, in_turn


def test_sides_take_turns_and_one_bad_moment_does_not_count() -> None:
    asked: list[str] = []
    numbers = {"ours": iter([1.0, 90.0, 3.0]), "theirs": iter([10.0, 30.0, 20.0])}

    def side(name: str) -> float:
        asked.append(name)
        return next(numbers[name])

    assert in_turn(lambda: side("ours"), lambda: side("theirs"), 3) == (3.0, 20.0)
    assert asked == ["ours", "theirs"] * 3


@pytest.mark.parametrize(("ours", "least", "met"), [(6, True, True), (4, True, False), (5, False, True)])
def test_a_goal_is_a_floor_or_a_ceiling(ours: float, least: bool, met: bool) -> None:
    ratio = Ratio("made_up", ours, 10.0, 0.5, least=least, unit="ms")
    assert (ratio.value, ratio.is_met) == (ours / 10.0, met)
