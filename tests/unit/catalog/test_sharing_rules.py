"""What sessions share: how much is in use at a moment, and when more of it is refused; without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import MESSAGES
from schemas.refusal import Refusal
from services.catalog.domain.sharing import USED_UP, Books, Need, Shared, Use, check_number, most_used
from services.matcher.engine.pools import USED_UP as CODES

NINE = datetime(2027, 3, 15, 1, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """So many minutes past nine."""
    return NINE + timedelta(minutes=minutes)


def use(start: int, minutes: int = 60, quantity: int = 1) -> Use:
    """A use from so many minutes past nine."""
    return Use(quantity, at(start), at(start + minutes))


USES = st.lists(st.builds(use, st.integers(0, 20), st.integers(1, 9), st.integers(1, 3)), max_size=8)


@given(USES, st.integers(0, 20), st.integers(1, 12))
def test_the_most_in_use_is_that_of_the_fullest_minute(uses: list[Use], start: int, minutes: int) -> None:
    by_minute = [
        sum(each.quantity for each in uses if each.starts_at <= at(now) < each.ends_at)
        for now in range(start, start + minutes)
    ]
    assert most_used(uses, at(start), at(start + minutes)) == max(by_minute)


def test_a_use_is_refused_where_too_few_are_free() -> None:
    Shared("guide", 2, [use(0)]).check(use(0))
    Shared("guide", 1, [use(0)]).check(use(60))
    with pytest.raises(USED_UP["guide"]) as refused:
        Shared("guide", 1, [use(0)]).check(use(30))
    assert refused.value.params == {"wanted": 1, "free": 0, "number": 1}


def test_two_that_follow_one_another_leave_room_for_a_long_one() -> None:
    Shared("room", 2, [use(0), use(60)]).check(use(0, 120))
    with pytest.raises(USED_UP["room"]):
        Shared("room", 2, [use(0), use(59)]).check(use(0, 120))


def test_a_batch_counts_what_it_has_given() -> None:
    slot, resource = uuid4(), uuid4()
    books = Books({slot: [Need(resource, 2)]}, {resource: Shared("kit", 3)})
    books.check(slot, at(0), at(60))
    books.take(slot, at(0), at(60))
    with pytest.raises(USED_UP["kit"]):
        books.check(slot, at(30), at(90))
    books.check(uuid4(), at(0), at(60))


def test_only_what_is_still_to_come_keeps_a_number_up() -> None:
    check_number([use(0, quantity=5)], 1, at(60), "number")
    with pytest.raises(Refusal) as refused:
        check_number([use(0, quantity=5)], 1, at(59), "number")
    assert (refused.value.code, refused.value.field) == ("shared_resource_overbooked", "number")


def test_catalog_and_the_engine_have_one_code_for_each_kind() -> None:
    assert {kind: refusal.code for kind, refusal in USED_UP.items()} == CODES
    assert all(MESSAGES[code].text(language, {}) for code, language in product(CODES.values(), ("zh", "en")))
