"""People, organisations and districts for tests, made over HTTP by who may make them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import requests

from deploy.local.stack import Stack
from deploy.nginx.routes import RESOURCES

HONGSHAN, LINXI, CITY = "150402", "150424", "150400"
PASSWORD = "tong-hua-6-ban"
PLACE = {"lat": 42.26, "lon": 118.96}
_OWNERS = {resource: owner for owner, resources in RESOURCES.items() for resource in resources}
_SECONDS = 30


@dataclass(frozen=True)
class Person:
    """Somebody logged in (or not), acting for one organisation; calls go straight to the owning service."""

    ports: Mapping[str, int]
    user_id: str = ""
    login: str = ""
    token: str = ""
    refresh_token: str = ""
    organisation_id: str = ""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Any method; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        port = self.ports[_OWNERS[path.split("/")[1].split("?")[0]]]
        url = f"http://127.0.0.1:{port}/api/v1{path}"
        return requests.request(method, url, json=body, headers=self._own() | named, timeout=_SECONDS)

    def get(self, path: str) -> requests.Response:
        """GET."""
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, key: str | None = None) -> requests.Response:
        """POST with an Idempotency-Key, a fresh one unless given."""
        return self.call("POST", path, body, Idempotency_Key=key or secrets.token_hex(8))

    def put(self, path: str, body: Any, version: int | None = None) -> requests.Response:
        """PUT, with If-Match where a version is given."""
        return self.call("PUT", path, body, **_if_match(version))

    def patch(self, path: str, body: Any, version: int) -> requests.Response:
        """PATCH with If-Match."""
        return self.call("PATCH", path, body, **_if_match(version))

    def delete(self, path: str) -> requests.Response:
        """DELETE."""
        return self.call("DELETE", path)

    def at(self, **ports: int) -> Person:
        """The same person, calling other processes."""
        return replace(self, ports={**self.ports, **ports})

    def acting_for(self, organisation_id: str) -> Person:
        """The same person for another of their organisations."""
        return replace(self, organisation_id=organisation_id)

    def _own(self) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return headers | ({"KeQiao-Organisation": self.organisation_id} if self.organisation_id else {})


def nobody(stack: Stack) -> Person:
    """A caller without a token."""
    return Person({name: stack.port(name) for name in RESOURCES})


def logged_in(stack: Stack, login: str, password: str = PASSWORD) -> Person:
    """Log in; acts for the first of the user's organisations."""
    anonymous = nobody(stack)
    answer = anonymous.post("/tokens", {"login": login, "password": password})
    assert answer.status_code == 201, answer.text
    pair = answer.json()
    memberships = pair["user"]["memberships"]
    return replace(
        anonymous,
        user_id=pair["user"]["id"],
        login=login,
        token=pair["access_token"],
        refresh_token=pair["refresh_token"],
        organisation_id=memberships[0]["organisation_id"] if memberships else "",
    )


def the_operator(stack: Stack) -> Person:
    """The bootstrap's operator, freshly logged in."""
    return logged_in(stack, "operator", stack.environment("accounts-migrate")["BOOTSTRAP_OPERATOR_PASSWORD"])


def ensure_districts(operator: Person) -> None:
    """Load the districts that tests use, unless the demo has done so."""
    known = {row["adcode"] for row in operator.get("/districts?parent=150400").json()["items"]}
    missing = [a_district(adcode) for adcode in (HONGSHAN, LINXI) if adcode not in known]
    if missing:
        answer = operator.put("/districts", {"items": missing})
        assert answer.status_code == 200, answer.text


def a_district(adcode: str, **changes: Any) -> dict[str, Any]:
    """A district of the city."""
    known = {
        HONGSHAN: {"name": "红山区", "name_en": "Hongshan", "lat": 42.296588, "lon": 118.953854},
        LINXI: {"name": "林西县", "name_en": "Linxi", "lat": 43.61812, "lon": 118.05545},
    }
    plain = {"name": f"演示 {adcode}", **PLACE}
    return {"adcode": adcode, "parent": CITY, "level": "district", **known.get(adcode, plain), **changes}


def organisation_body(kind: str = "school", adcode: str = HONGSHAN, **changes: Any) -> dict[str, Any]:
    """A new organisation with a name that nobody has."""
    name = f"演示单位 {secrets.token_hex(5)}"
    return {"kind": kind, "name": name, "adcode": adcode, "demonstration": True, **PLACE, **changes}


def an_organisation(maker: Person, kind: str = "school", adcode: str = HONGSHAN) -> dict[str, Any]:
    """Register one."""
    answer = maker.post("/organisations", organisation_body(kind, adcode))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def user_body(organisation_id: str | UUID, role: str, **changes: Any) -> dict[str, Any]:
    """A new user with one membership."""
    login = f"t{secrets.token_hex(6)}"
    memberships = [{"organisation_id": str(organisation_id), "role": role}]
    return {"login": login, "name": "王老师", "password": PASSWORD, "memberships": memberships, **changes}


def a_user(stack: Stack, maker: Person, organisation_id: str | UUID, role: str) -> Person:
    """Register one and log in."""
    body = user_body(organisation_id, role)
    answer = maker.post("/users", body)
    assert answer.status_code == 201, answer.text
    return logged_in(stack, body["login"])


def a_coordinator(stack: Stack, operator: Person, adcode: str = HONGSHAN) -> Person:
    """A coordinator of a fresh education bureau in a district."""
    bureau = an_organisation(operator, "education_bureau", adcode)
    return a_user(stack, operator, bureau["id"], "coordinator")


def _if_match(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If_Match": f'"{version}"'}
