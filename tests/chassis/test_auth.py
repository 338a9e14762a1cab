"""Who is let in: expired, forged and foreign tokens, organisations, roles, and keys that change."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from services.chassis.auth import covers
from services.chassis.keys import KeySet
from tests.fixtures.tokens import KeyServer, TokenFor, claims_of, membership
from tests.fixtures.trial import RunTiny, TinyProcess

TEACHER = membership("teacher")


def bearer(token: str, organisation: str | None = None) -> dict[str, str]:
    named = {"KeQiao-Organisation": organisation} if organisation else {}
    return {"Authorization": f"Bearer {token}"} | named


def _b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _hostile(keys: KeyServer) -> dict[str, tuple[str, str]]:
    good = keys.sign(claims_of(TEACHER))
    head, body, signature = good.split(".")
    public = json.dumps(keys.key_set()["keys"][-1])
    now = int(time.time())
    unsigned = f"{_b64({'alg': 'none', 'kid': keys.kid})}.{body}."
    widened = _b64(claims_of(membership("operator", area="150400")))
    signing_input = f"{_b64({'alg': 'HS256', 'kid': keys.kid})}.{body}"
    mac = hmac.new(public.encode(), signing_input.encode(), hashlib.sha256).digest()
    by_public_key = f"{signing_input}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    by_stranger = jwt.encode(
        claims_of(TEACHER), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": keys.kid}
    )
    embedded = Ed25519PrivateKey.generate()
    own_key = jwt.encode(
        claims_of(TEACHER),
        embedded,
        algorithm="EdDSA",
        headers={"jwk": json.loads(OKPAlgorithm.to_jwk(embedded.public_key()))},
    )
    return {
        "expired": (keys.sign(claims_of(TEACHER, lifetime=-31)), "token_expired"),
        "no algorithm": (unsigned, "token_invalid"),
        "claims exchanged": (f"{head}.{widened}.{signature}", "token_invalid"),
        "signature cut": (f"{head}.{body}.{signature[:-4]}", "token_invalid"),
        "signed with the public key as a secret": (by_public_key, "token_invalid"),
        "signed by a stranger": (by_stranger, "token_invalid"),
        "brings its own key": (own_key, "token_invalid"),
        "unknown key": (keys.sign(claims_of(TEACHER), kid="0" * 32), "token_invalid"),
        "another audience": (keys.sign(claims_of(TEACHER, aud="elsewhere")), "token_invalid"),
        "another issuer": (keys.sign(claims_of(TEACHER, iss="elsewhere")), "token_invalid"),
        "made in the future": (keys.sign(claims_of(TEACHER, iat=now + 3600)), "token_invalid"),
        "no expiry": (
            keys.sign({k: v for k, v in claims_of(TEACHER).items() if k != "exp"}),
            "token_invalid",
        ),
        "subject no id": (keys.sign(claims_of(TEACHER, sub="admin")), "token_invalid"),
        "memberships no list": (keys.sign(claims_of(TEACHER, m="operator")), "token_invalid"),
        "role of no kind": (keys.sign(claims_of(membership("root"))), "token_invalid"),
        "not a token": ("eyJ", "token_invalid"),
        "three dots": ("...", "token_invalid"),
        "endless": ("a" * 7000, "token_invalid"),
    }


CASES = (
    "another audience",
    "another issuer",
    "brings its own key",
    "claims exchanged",
    "endless",
    "expired",
    "made in the future",
    "memberships no list",
    "no algorithm",
    "no expiry",
    "not a token",
    "role of no kind",
    "signature cut",
    "signed by a stranger",
    "signed with the public key as a secret",
    "subject no id",
    "three dots",
    "unknown key",
)


@pytest.mark.parametrize("case", CASES)
def test_a_token_that_is_not_good_is_refused_by_name(
    tiny: TinyProcess, key_server: KeyServer, case: str
) -> None:
    token, code = _hostile(key_server)[case]
    answer = tiny.get("/me", headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", [None, "", "Basic b3BlcmF0b3I6eA==", "Bearer", "Bearer a b"])
def test_without_a_token_one_is_asked_to_log_in(tiny: TinyProcess, header: str | None) -> None:
    headers = {"Authorization": header} if header is not None else {}
    answer = tiny.get("/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_a_bad_token_is_refused_on_public_addresses_too(tiny: TinyProcess, key_server: KeyServer) -> None:
    token = key_server.sign(claims_of(TEACHER, lifetime=-60))
    assert tiny.get("/notes", headers=bearer(token)).json()["code"] == "token_expired"


def test_the_organisation_must_be_named_and_be_the_callers(tiny: TinyProcess, token_for: TokenFor) -> None:
    token = token_for(TEACHER)
    unnamed = tiny.get("/teachers", headers=bearer(token))
    other = tiny.get("/teachers", headers=bearer(token, str(uuid.uuid4())))
    nonsense = tiny.get("/teachers", headers=bearer(token, "mine"))
    assert (unnamed.status_code, unnamed.json()["code"]) == (400, "organisation_required")
    assert (other.status_code, other.json()["code"]) == (403, "organisation_not_yours")
    assert nonsense.json()["code"] == "organisation_not_yours"


def test_the_role_is_the_one_held_in_that_organisation(tiny: TinyProcess, token_for: TokenFor) -> None:
    venue = membership("venue", kind="venue")
    token = token_for(TEACHER, venue)
    as_teacher = tiny.get("/teachers", headers=bearer(token, TEACHER["o"]))
    as_venue = tiny.get("/teachers", headers=bearer(token, venue["o"]))
    assert as_teacher.json()["actor"]["role"] == "teacher"
    assert (as_venue.status_code, as_venue.json()["code"]) == (403, "forbidden")


def test_of_two_roles_in_one_organisation_the_one_asked_for_counts(
    tiny: TinyProcess, token_for: TokenFor
) -> None:
    organisation = uuid.uuid4()
    token = token_for(
        membership("head", organisation=organisation), membership("teacher", organisation=organisation)
    )
    assert (
        tiny.get("/teachers", headers=bearer(token, str(organisation))).json()["actor"]["role"] == "teacher"
    )


def test_a_user_without_organisations_can_still_ask_who_they_are(
    tiny: TinyProcess, token_for: TokenFor
) -> None:
    user = uuid.uuid4()
    actor = tiny.get("/me", headers=bearer(token_for(user=user))).json()
    assert actor == {"user_id": str(user), "organisation_id": None, "role": None, "name": "王老师"}


@pytest.mark.parametrize(
    ("area", "adcode", "inside"),
    [
        ("150400", "150402", True),
        ("150400", "150402001000", True),
        ("150400", "150400", True),
        ("150402", "150400", False),
        ("150402", "150403", False),
        ("150402", "150402001000", True),
        ("150402001000", "150402001000", True),
        ("150402001000", "150402002000", False),
        ("150402001000", "150402", False),
        ("150000", "150402", True),
        ("150430", "150430", True),
        ("150430", "150403", False),
    ],
)
def test_an_area_covers_what_lies_below_it(area: str, adcode: str, inside: bool) -> None:
    assert covers(area, adcode) is inside


def test_a_new_key_is_fetched_when_a_token_first_shows_it(tiny: TinyProcess, key_server: KeyServer) -> None:
    old = key_server.sign(claims_of(TEACHER))
    assert tiny.get("/me", headers=bearer(old)).status_code == 200
    time_is_up = KeySet(key_server.url, min_interval=0)
    key_server.rotate()
    assert time_is_up.key(key_server.kid) is not None


def test_keys_are_kept_while_accounts_is_away(run_tiny: RunTiny, key_server: KeyServer) -> None:
    known = key_server.sign(claims_of(TEACHER))
    tiny = run_tiny(("TinyHttp",))
    assert tiny.get("/me", headers=bearer(known)).status_code == 200
    key_server.failing = True
    try:
        assert tiny.get("/me", headers=bearer(known)).status_code == 200
        fresh = run_tiny(("TinyHttp",))
        answer = fresh.get("/me", headers=bearer(known))
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    finally:
        key_server.failing = False


class Ticking:
    """A clock that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _keys(server: KeyServer, ticking: Any) -> KeySet:
    return KeySet(server.url, max_age=300, min_interval=2, monotonic=ticking)


def test_unknown_ids_cannot_make_us_fetch_without_end(key_server: KeyServer) -> None:
    ticking = Ticking()
    keys = _keys(key_server, ticking)
    before = key_server.fetches
    for _ in range(50):
        assert keys.key(uuid.uuid4().hex) is None
    assert key_server.fetches == before + 1
    ticking.now += 3
    assert keys.key("again") is None
    assert key_server.fetches == before + 2


def test_many_who_meet_a_new_key_at_once_fetch_it_once(key_server: KeyServer) -> None:
    keys = KeySet(key_server.url)
    before = key_server.fetches
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: keys.key(key_server.kid), range(20)))
    assert None not in found
    assert key_server.fetches == before + 1


def test_old_keys_are_fetched_again_and_used_if_that_fails(key_server: KeyServer) -> None:
    ticking = Ticking()
    keys = _keys(key_server, ticking)
    assert keys.key(key_server.kid)
    before = key_server.fetches
    ticking.now += 301
    assert keys.key(key_server.kid)
    assert key_server.fetches == before + 1
    key_server.failing = True
    try:
        ticking.now += 301
        assert keys.key(key_server.kid)
        assert key_server.fetches == before + 2
    finally:
        key_server.failing = False
