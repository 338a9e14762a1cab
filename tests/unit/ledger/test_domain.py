"""Areas and shares of the ledger."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.auth import covers
from services.ledger import domain

_PAIR = st.integers(0, 99).map(lambda number: f"{number:02d}")
_CODE = st.tuples(st.just("15"), _PAIR, _PAIR).map("".join)


@given(_CODE, _CODE)
def test_areas_are_those_that_tokens_cover(area: str, code: str) -> None:
    assert code.startswith(domain.area_prefix(area)) == covers(area, code)


def test_a_city_has_its_townships_below() -> None:
    assert "150402001000".startswith(domain.area_prefix("150400"))
    assert not "150402001000".startswith(domain.area_prefix("150403"))


def test_nobody_is_no_share() -> None:
    assert domain.share(0, 0) is None
    assert domain.per_thousand(5, 0) is None
    assert domain.per_thousand(40, 300) == 133.3


def test_the_area_to_lift_has_fewest_schools_served_then_fewest_pupils() -> None:
    def row(value: str, share: float, reached: float) -> domain.Row:
        return {"value": value, "schools": 9, "pupils": 9, "served_share": share, "per_thousand": reached}

    rows = [row("a", 0.5, 10.0), row("b", 0.2, 30.0), row("c", 0.2, 20.0)]
    lift, best = domain.to_lift(rows), domain.best_covered(rows)
    assert lift is not None
    assert best is not None
    assert (lift["value"], best["value"]) == ("c", "a")
    assert domain.to_lift([]) is None
