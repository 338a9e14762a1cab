"""Who may act for whom, by the rules alone."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from services.accounts import domain
from services.accounts.domain import Mandate, Post

CITY, HONGSHAN, LINXI = "150400", "150402", "150424"
OWN, OTHER, MYSELF = uuid4(), uuid4(), uuid4()


def mandate(role: str, area: str = HONGSHAN) -> Mandate:
    return Mandate(MYSELF, OWN, role, area)


@pytest.mark.parametrize(
    ("area", "adcode", "covered"),
    [
        (CITY, HONGSHAN, True),
        (CITY, LINXI, True),
        (CITY, "150402001000", True),
        (HONGSHAN, HONGSHAN, True),
        (HONGSHAN, "150402001000", True),
        (HONGSHAN, LINXI, False),
        (HONGSHAN, CITY, False),
        (LINXI, "150402001000", False),
    ],
)
def test_a_coordinator_covers_the_own_area_and_nothing_else(area: str, adcode: str, covered: bool) -> None:
    assert mandate("coordinator", area).covers(adcode) is covered


@pytest.mark.parametrize("role", ["teacher", "head", "venue", "expert"])
def test_only_coordinators_and_operators_cover_anything(role: str) -> None:
    assert not mandate(role).covers(HONGSHAN)
    assert mandate("operator", CITY).covers("440100")


@pytest.mark.parametrize(
    ("granter", "role", "organisation", "adcode", "may"),
    [
        ("operator", "operator", OTHER, LINXI, True),
        ("operator", "teacher", OTHER, LINXI, True),
        ("coordinator", "teacher", OTHER, HONGSHAN, True),
        ("coordinator", "coordinator", OTHER, HONGSHAN, True),
        ("coordinator", "operator", OTHER, HONGSHAN, False),
        ("coordinator", "teacher", OTHER, LINXI, False),
        ("coordinator", "coordinator", OTHER, CITY, False),
        ("head", "teacher", OWN, HONGSHAN, True),
        ("head", "head", OWN, HONGSHAN, False),
        ("head", "teacher", OTHER, HONGSHAN, False),
        ("venue", "venue", OWN, HONGSHAN, True),
        ("venue", "expert", OWN, HONGSHAN, False),
        ("venue", "venue", OTHER, HONGSHAN, False),
        ("teacher", "teacher", OWN, HONGSHAN, False),
        ("expert", "expert", OWN, HONGSHAN, False),
    ],
)
def test_who_may_grant_what(granter: str, role: str, organisation: UUID, adcode: str, may: bool) -> None:
    assert mandate(granter).may_grant(role, organisation, adcode) is may


def test_a_user_is_managed_by_who_could_grant_all_its_roles() -> None:
    here, elsewhere = Post(OWN, HONGSHAN, "teacher"), Post(OTHER, LINXI, "teacher")
    assert domain.may_manage(mandate("head"), [here])
    assert not domain.may_manage(mandate("head"), [here, elsewhere])
    assert domain.may_manage(mandate("coordinator", CITY), [here, elsewhere])
    assert not domain.may_manage(mandate("coordinator"), [])
    assert domain.may_manage(mandate("operator"), [])


@pytest.mark.parametrize(
    ("role", "kind", "fits"),
    [
        ("teacher", "school", True),
        ("head", "university", True),
        ("teacher", "venue", False),
        ("coordinator", "association", True),
        ("coordinator", "school", False),
        ("operator", "enterprise", False),
        ("venue", "university", True),
        ("expert", "hospital", True),
    ],
)
def test_roles_fit_kinds(role: str, kind: str, fits: bool) -> None:
    assert domain.role_fits(role, kind) is fits


def test_the_tree_has_three_levels() -> None:
    assert domain.parent_fits("city", None)
    assert domain.parent_fits("district", "city")
    assert domain.parent_fits("township", "district")
    assert not domain.parent_fits("township", "city")
    assert not domain.parent_fits("district", None)
    assert domain.lies_under("150402001000", HONGSHAN)
    assert not domain.lies_under("150402001000", LINXI)
    assert not domain.lies_under(HONGSHAN, HONGSHAN)


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        ("王小明是我的好朋友呀啊", False),
        ("s0001-s0001", True),
        ("aaaaaaaaaa", True),
        ("correct horse", False),
    ],
)
def test_weak_passwords(password: str, weak: bool) -> None:
    assert domain.password_is_weak(password, "s0001") is weak


def test_a_districts_id_never_changes() -> None:
    assert domain.district_id("150402") == UUID("eaf47729-7054-5b40-9168-c45e83bd22ff")
