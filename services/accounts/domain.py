"""Who may act for whom: organisations, users, roles, and the rules that bind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid5

from schemas.refusal import Refusal

ROLES = frozenset({"teacher", "head", "venue", "expert", "coordinator", "operator"})
SCHOOL_KINDS = frozenset({"school", "university"})
COORDINATING_KINDS = frozenset({"association", "education_bureau", "publicity_department", "youth_league"})

# All of them travel in every access token, and headers are short.
MOST_MEMBERSHIPS = 20

_GRANTS: dict[str, frozenset[str]] = {
    "operator": ROLES,
    "coordinator": ROLES - {"operator"},
    "head": frozenset({"teacher"}),
    "venue": frozenset({"venue"}),
}
_KINDS: dict[str, frozenset[str]] = {
    "teacher": SCHOOL_KINDS,
    "head": SCHOOL_KINDS,
    "coordinator": COORDINATING_KINDS,
    "operator": COORDINATING_KINDS,
}
_PARENT_LEVEL = {"city": None, "district": "city", "township": "district"}
# Makes a district's adcode into the id of its aggregate on the bus; never change it.
_DISTRICT_SPACE = UUID("5b0f6ac0-6b3e-5f0e-9a55-1d8f6a3f7a01")


class WrongCredentials(Refusal):
    """Login and password do not belong together; which of them is wrong is not said."""

    code = "wrong_credentials"


class AccountInactive(Refusal):
    """The password is right, but the account was closed."""

    code = "account_inactive"


class TooManyAttempts(Refusal):
    """This login, or this address, failed too often; `retry_after` is in seconds."""

    code = "too_many_attempts"


class RefreshRefused(Refusal):
    """The refresh token is unknown, expired, used before or revoked."""

    code = "refresh_refused"


class NothingToChange(Refusal):
    """The change names no field."""

    code = "nothing_to_change"


class NotYourself(Refusal):
    """Nobody closes the own account or takes the own role away."""

    code = "not_yourself"


class CurrentPasswordWrong(Refusal):
    """Changing the own password needs the current one."""

    code = "current_password_wrong"


class MembershipExists(Refusal):
    """The user has this role in this organisation already."""

    code = "membership_exists"


@dataclass(frozen=True, slots=True)
class Mandate:
    """Who asks: a user, acting in a role for an organisation whose district is `area`."""

    user_id: UUID
    organisation_id: UUID
    role: str
    area: str

    @property
    def sees_all(self) -> bool:
        """Whether nothing is hidden from this mandate."""
        return self.role == "operator"

    @property
    def prefix(self) -> str:
        """What the adcodes of the mandate's area begin with."""
        return area_prefix(self.area)

    def covers(self, adcode: str) -> bool:
        """Whether `adcode` lies in the mandate's area and the role looks after that area."""
        return self.sees_all or (self.role == "coordinator" and adcode.startswith(self.prefix))

    def sees(self, organisation_id: UUID, adcode: str) -> bool:
        """Whether the mandate may know of this organisation."""
        return organisation_id == self.organisation_id or self.covers(adcode)

    def may_grant(self, role: str, organisation_id: UUID, adcode: str) -> bool:
        """Whether the mandate may give or take `role` in this organisation."""
        own = organisation_id == self.organisation_id and self.role in ("head", "venue")
        return role in _GRANTS.get(self.role, frozenset()) and (own or self.covers(adcode))


@dataclass(frozen=True, slots=True)
class Post:
    """One membership with where its organisation lies."""

    organisation_id: UUID
    adcode: str
    role: str


def area_prefix(adcode: str) -> str:
    """What everything under `adcode` begins with: 1504 for the city 150400, 150402001 for a township."""
    if len(adcode) == 12:
        return adcode.removesuffix("000")
    while len(adcode) > 2 and adcode.endswith("00"):
        adcode = adcode[:-2]
    return adcode


def lies_under(adcode: str, parent: str) -> bool:
    """Whether `adcode` is inside `parent` and not the same."""
    return adcode != parent and adcode.startswith(area_prefix(parent))


def parent_fits(level: str, parent_level: str | None) -> bool:
    """Whether a district of `level` may hang under one of `parent_level` (None: under nothing)."""
    return _PARENT_LEVEL[level] == parent_level


def role_fits(role: str, kind: str) -> bool:
    """Whether an organisation of `kind` can have members with `role`."""
    return kind in _KINDS.get(role, frozenset({kind}))


def may_manage(mandate: Mandate, posts: Iterable[Post]) -> bool:
    """Whether the mandate may change a user: it must be able to grant every role that the user has."""
    posts = list(posts)
    if not posts:
        return mandate.sees_all
    return all(mandate.may_grant(post.role, post.organisation_id, post.adcode) for post in posts)


def district_id(adcode: str) -> UUID:
    """The id under which a district's facts are published."""
    return uuid5(_DISTRICT_SPACE, adcode)


def password_is_weak(password: str, login: str) -> bool:
    """Whether a password could be guessed from the login alone, or is one character over and over."""
    return login in password.lower() or len(set(password)) < 4
