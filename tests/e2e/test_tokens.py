"""Tokens that are forged, somebody else's or old open nothing, at any endpoint that is not public."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.stack import Stack
from tests.builders.contract import Operation
from tests.builders.hostile import Case, faults, none_of
from tests.fixtures.census import Census
from tests.fixtures.front import Contracts
from tests.fixtures.town import Town

_LIFETIME = 15 * 60


def test_a_token_that_is_not_ours_opens_nothing(contracts: Contracts, town: Town, census: Census) -> None:
    with census.unchanged(town.user_ids):
        none_of(tried(contracts, town, _lies(town.people["operator"].token)))


def test_a_token_that_has_run_out_opens_nothing(contracts: Contracts, town: Town, stack: Stack) -> None:
    stack.move_clock(_LIFETIME + 120)
    try:
        none_of(tried(contracts, town, {"run out": ("token_expired", 401, {})}))
    finally:
        stack.reset_clock()


#: What the lie is called -> the code and the status of its refusal, and the headers that tell it.
Lies = dict[str, tuple[str, int, dict[str, str]]]


def tried(contracts: Contracts, town: Town, lies: Lies) -> list[str]:
    """What is wrong with the answers to these lies, at every operation that is not public."""
    closed = [each for operations in contracts.values() for each in operations if each.roles is not None]
    return [
        fault
        for operation in closed
        for fault in faults(town.for_roles(operation.roles), _cases(town, operation, lies))
    ]


def _cases(town: Town, operation: Operation, lies: Lies) -> Iterator[Case]:
    for what, (code, status, headers) in lies.items():
        sent = tuple(headers.items())
        yield Case(what, operation.method, town.path(operation), None, (status,), code, headers=sent)


def _lies(token: str) -> Lies:
    """Ways to say that one is somebody else."""
    bearers = {what: f"Bearer {forged}" for what, forged in _forged(token).items()}
    none = {"no token": "", "no bearer": f"Basic {token}", "two tokens": f"Bearer {token} {token}"}
    return {
        **{what: ("token_invalid", 401, {"Authorization": text}) for what, text in bearers.items()},
        **{what: ("unauthenticated", 401, {"Authorization": text}) for what, text in none.items()},
        "another's organisation": (
            "organisation_not_yours",
            403,
            {"KeQiao-Organisation": str(uuid.uuid4())},
        ),
    }


def _forged(token: str) -> dict[str, str]:
    """What the true token could be made into by somebody without our keys."""
    head, claims, signature = token.split(".")
    said = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]
    headers = {"kid": kid}
    return {
        "no JWT": "x",
        "an endless token": "a" * 12_000,
        "another's key": jwt.encode(said, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers=headers),
        "a shared secret": jwt.encode(said, kid.ljust(64, "x"), algorithm="HS256", headers=headers),
        "no signature": f"{head}.{claims}.",
        "algorithm none": f"{_part({'alg': 'none', 'kid': kid})}.{claims}.",
        "other claims": f"{head}.{_part({**said, 'exp': said['exp'] + 10**6})}.{signature}",
    }


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
