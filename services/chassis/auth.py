"""Who is calling and for whom: callers, actors, areas, and access tokens verified against the key set."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from jwt.types import Options
from nameko.extensions import DependencyProvider

from schemas.codes import ROLES
from schemas.refusal import Forbidden, Refusal
from services.chassis.keys import KeySet

ISSUER = AUDIENCE = "keqiao"
ORGANISATION_HEADER = "KeQiao-Organisation"
_LEEWAY_SECONDS = 30
_LONGEST_TOKEN = 16 * 1024
_REMEMBERED = 2048
_BEARER = re.compile(r"[Bb]earer +(\S+)")
_CLAIMS = ("sub", "name", "exp", "iat", "jti", "m")


class Unauthenticated(Refusal):
    """No access token came with the call."""

    code = "unauthenticated"


class TokenExpired(Refusal):
    """The access token was ours and has run out."""

    code = "token_expired"


class TokenInvalid(Refusal):
    """The access token is malformed, forged, for another audience, or signed by no key of ours."""

    code = "token_invalid"


class OrganisationRequired(Refusal):
    """The call does not say which organisation it acts for."""

    code = "organisation_required"


class OrganisationNotYours(Refusal):
    """The caller is no member of the organisation that the call names."""

    code = "organisation_not_yours"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, as events and the trail say it."""

    user_id: UUID | None
    organisation_id: UUID | None
    role: str | None
    name: str

    @classmethod
    def system(cls, name: str) -> Actor:
        """A part of the system that acts by itself."""
        return cls(None, None, None, name)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Actor:
        """The actor that `as_json` described."""
        return cls(_uuid(value["user_id"]), _uuid(value["organisation_id"]), value["role"], value["name"])

    def as_json(self) -> dict[str, Any]:
        """JSON primitives, as the envelope wants them."""
        return {
            "user_id": str(self.user_id) if self.user_id else None,
            "organisation_id": str(self.organisation_id) if self.organisation_id else None,
            "role": self.role,
            "name": self.name,
        }


@dataclass(frozen=True, slots=True)
class Membership:
    """One role of a user in one organisation."""

    organisation_id: UUID
    organisation_kind: str
    organisation_name: str
    role: str
    area: str
    expert_id: UUID | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What a token says once its signature is known to be ours; times in seconds of the epoch."""

    user_id: UUID
    name: str
    memberships: tuple[Membership, ...]
    issued: float
    expires: float


@dataclass(frozen=True, slots=True)
class Caller:
    """A logged-in user, and the membership in which this call is made (None where none was named)."""

    user_id: UUID
    name: str
    memberships: tuple[Membership, ...]
    acting: Membership | None

    @property
    def organisation_id(self) -> UUID | None:
        """The organisation that the call acts for."""
        return self.acting.organisation_id if self.acting else None

    @property
    def organisation_kind(self) -> str | None:
        """That organisation's kind."""
        return self.acting.organisation_kind if self.acting else None

    @property
    def role(self) -> str | None:
        """The caller's role there."""
        return self.acting.role if self.acting else None

    @property
    def area(self) -> str | None:
        """That organisation's adcode."""
        return self.acting.area if self.acting else None

    @property
    def expert_id(self) -> UUID | None:
        """The expert that the caller is, if any."""
        return next((m.expert_id for m in self.memberships if m.expert_id), None)

    def require(self, *roles: str) -> None:
        """Raise OrganisationRequired without an acting organisation, Forbidden in another role than these."""
        if self.acting is None:
            raise OrganisationRequired()
        if self.acting.role not in roles:
            raise Forbidden()

    def covers(self, adcode: str) -> bool:
        """Whether `adcode` lies in the acting organisation's area."""
        return self.area is not None and covers(self.area, adcode)

    def actor(self) -> Actor:
        """The caller as events name them."""
        return Actor(self.user_id, self.organisation_id, self.role, self.name)


def covers(area: str, adcode: str) -> bool:
    """Whether the division `area` is `adcode` or has it below: 150400 has 150402 and 150402001000 below."""
    return adcode.startswith(_trunk(area))


def _trunk(area: str) -> str:
    """The digits that all of a division share: pairs, then two groups of three, without trailing zeros."""
    groups = [area[:2], area[2:4], area[4:6], area[6:9], area[9:12]]
    while groups and not groups[-1].strip("0"):
        groups.pop()
    return "".join(groups)


class Verifier:
    """Tells callers by their access tokens."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def caller(
        self,
        authorization: str | None,
        organisation: str | None,
        now: datetime,
        roles: frozenset[str] = frozenset(ROLES),
    ) -> Caller:
        """The caller that the two headers name; of several roles there, one of `roles` is taken.

        Raises Unauthenticated, TokenExpired, TokenInvalid, OrganisationNotYours, or Unavailable while no key
        set could be had yet.
        """
        proof = self._proof(_token(authorization))
        _check_times(proof, now)
        return Caller(
            proof.user_id, proof.name, proof.memberships, _acting(proof.memberships, organisation, roles)
        )

    def _proof(self, token: str) -> Proof:
        try:
            key = self._keys.key(_key_id(token))
            if key is None:
                raise TokenInvalid()
            return _verified(token, key)
        except jwt.PyJWTError:
            raise TokenInvalid() from None


class Tokens(DependencyProvider):
    """Gives each worker the Verifier over the key set at KEYS_URL; one per process."""

    _verifiers: dict[str, Verifier] = {}  # noqa: RUF012 - shared on purpose, so that keys are fetched once

    def setup(self) -> None:
        """Nothing is fetched yet: a service starts also while accounts is down."""
        url = os.environ["KEYS_URL"]
        self.verifier = self._verifiers.setdefault(url, Verifier(KeySet(url)))

    def get_dependency(self, _: object) -> Verifier:
        """Return the verifier."""
        return self.verifier


def _token(authorization: str | None) -> str:
    found = _BEARER.fullmatch(authorization or "")
    if not found:
        raise Unauthenticated()
    if len(found[1]) > _LONGEST_TOKEN:
        raise TokenInvalid()
    return found[1]


@lru_cache(_REMEMBERED)
def _key_id(token: str) -> str:
    return str(jwt.get_unverified_header(token).get("kid"))


@lru_cache(_REMEMBERED)
def _verified(token: str, key: jwt.PyJWK) -> Proof:
    """What the token proves for as long as `key` is in use; its times are checked on each call.

    Remembered, because checking the signature took half of a call's time; a key set that is fetched again has
    new keys in it, and everything is checked again.
    """
    # Times are checked against the stack's clock, not the machine's: see _check_times.
    options: Options = {
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
        "require": list(_CLAIMS),
    }
    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER, options=options)
    try:
        return _proof(claims)
    except (KeyError, TypeError, ValueError, AttributeError):
        # We signed it, so this is a bug of ours; it should not be a 500 everywhere.
        raise TokenInvalid() from None


def _proof(claims: Mapping[str, Any]) -> Proof:
    memberships = tuple(_membership(claim) for claim in claims["m"])
    if any(membership.role not in ROLES for membership in memberships):
        raise ValueError("a role that we do not know")
    issued, expires = float(claims["iat"]), float(claims["exp"])
    return Proof(UUID(claims["sub"]), str(claims["name"]), memberships, issued, expires)


def _check_times(proof: Proof, now: datetime) -> None:
    moment = now.timestamp()
    if proof.issued > moment + _LEEWAY_SECONDS:
        raise TokenInvalid()
    if proof.expires <= moment - _LEEWAY_SECONDS:
        raise TokenExpired()


def _membership(claim: Mapping[str, Any]) -> Membership:
    return Membership(
        UUID(claim["o"]),
        str(claim["k"]),
        str(claim.get("n", "")),
        str(claim["r"]),
        str(claim["a"]),
        _uuid(claim.get("x")),
    )


def _acting(
    memberships: tuple[Membership, ...], organisation: str | None, roles: frozenset[str]
) -> Membership | None:
    if organisation is None:
        return None
    ours = [m for m in memberships if str(m.organisation_id) == organisation.strip().lower()]
    if not ours:
        raise OrganisationNotYours()
    return next((m for m in ours if m.role in roles), ours[0])


def _uuid(value: str | None) -> UUID | None:
    return UUID(value) if value else None
