"""Facts that accounts publishes: districts, organisations and users, each with its whole public state.

Codes (kinds, levels, roles) are plain text here: a consumer must live through a code it does not know yet.
"""

from __future__ import annotations

from schemas.contract import Fact
from schemas.fields import Adcode, Email, Flag, Id, Int, Language, Latitude, ListOf, Longitude, Nested, Text


class DistrictState(Fact):
    """One node of the area tree; `adcode` has 6 digits (city, district) or 12 (township)."""

    id = Id(required=True)
    adcode = Adcode(required=True)
    parent = Adcode(required=True, allow_none=True)
    level = Text(required=True, max=20)
    name = Text(required=True, max=80)
    name_en = Text(required=True, max=120, allow_none=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    population = Int(required=True, min=0, max=2_000_000_000, allow_none=True)
    demonstration = Flag(required=True)


class OrganisationState(Fact):
    """Anything with members; its district is `adcode` (6 digits), its township, where known, has 12."""

    id = Id(required=True)
    kind = Text(required=True, max=40)
    name = Text(required=True, max=120)
    adcode = Adcode(required=True)
    township = Adcode(required=True, allow_none=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    demonstration = Flag(required=True)


class MembershipState(Fact):
    """What a user may do in one organisation."""

    organisation_id = Id(required=True)
    role = Text(required=True, max=20)


class UserState(Fact):
    """A person who logs in; the login and the password never leave accounts."""

    id = Id(required=True)
    name = Text(required=True, max=80)
    email = Email(required=True, allow_none=True)
    language = Language(required=True)
    expert_id = Id(required=True, allow_none=True)
    active = Flag(required=True)
    memberships = ListOf(Nested(MembershipState), required=True, max=100)


EVENTS: dict[str, tuple[str, type[Fact]]] = {
    "district_registered": ("district", DistrictState),
    "district_changed": ("district", DistrictState),
    "organisation_registered": ("organisation", OrganisationState),
    "organisation_changed": ("organisation", OrganisationState),
    "user_registered": ("user", UserState),
    "user_changed": ("user", UserState),
}
