"""A small client for the public HTTP API: people who log in, pages, keys, and patience with a busy stack."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import requests
from requests.adapters import HTTPAdapter

Json: TypeAlias = dict[str, Any]
Query: TypeAlias = Mapping[str, object]

PATIENCE_SECONDS = 90.0
_CALL_SECONDS = 40.0
_BUSY = {429, 502, 503, 504}


class Problem(Exception):
    """An answer that is an error: HTTP status, stable code and what the service said."""

    def __init__(self, status: int, code: str, body: Json) -> None:
        self.status, self.code, self.body = status, code, body
        super().__init__(f"{status} {code}: {body.get('detail', '')} {body.get('errors', '')}".strip())


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its JSON body (empty for 204) and its entity tag."""

    body: Json
    etag: str | None


class Api:
    """The edge of one stack; safe to share between threads."""

    def __init__(self, address: str, *, connections: int = 16) -> None:
        self.address = address.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the machine has no business on the way to the local edge
        self._session.mount("http", HTTPAdapter(pool_maxsize=connections))

    def get(self, path: str, query: Query | None = None) -> Json:
        """What anybody may read."""
        return self.call("GET", path, query=query).body

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call, repeated while the stack is busy or away; raises Problem or ConnectionError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for attempt in range(1000):
            response = self._try(method, path, body, query, headers, last=time.monotonic() > deadline)
            if response is not None and not _should_repeat(response, deadline):
                return _answer(response)
            time.sleep(_pause(response, attempt))
        raise ConnectionError(f"{method} {path} was never answered")

    def _try(
        self,
        method: str,
        path: str,
        body: Json | None,
        query: Query | None,
        headers: Mapping[str, str] | None,
        *,
        last: bool,
    ) -> requests.Response | None:
        try:
            return self._session.request(
                method,
                f"{self.address}/api/v1{path}",
                json=body,
                params=_plain(query),
                headers={"Accept-Language": "zh", **(headers or {})},
                timeout=_CALL_SECONDS,
            )
        except (requests.ConnectionError, requests.Timeout):
            if last:
                raise
            return None


class Person:
    """Somebody who is logged in and acts for one organisation; logs in again when the token has run out."""

    def __init__(self, api: Api, login: str, password: str, organisation_id: str | None = None) -> None:
        self.api, self.login = api, login
        self.organisation_id = organisation_id
        self._password = password
        self._token = ""
        self._lock = threading.Lock()

    def get(self, path: str, query: Query | None = None) -> Json:
        """The body of a GET."""
        return self.call("GET", path, query=query).body

    def every(self, path: str, query: Query | None = None) -> Iterator[Json]:
        """The items of all pages of a list."""
        cursor: str | None = None
        while True:
            page = self.get(path, {"limit": 200, **(query or {}), **({"cursor": cursor} if cursor else {})})
            yield from page["items"]
            cursor = page.get("next")
            if not cursor:
                return

    def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """The body of a POST; `key` is the Idempotency-Key of what it creates."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", path, body=body if body is not None else {}, headers=headers).body

    def change(self, method: str, path: str, body: Json, *, version: int | None = None) -> Json:
        """A PUT or PATCH of one version."""
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        return self.call(method, path, body=body, headers=headers).body

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call as this person; a token that ran out is renewed once."""
        token = self._token or self._log_in("")
        try:
            return self.api.call(method, path, body=body, query=query, headers=self._headers(token, headers))
        except Problem as problem:
            if problem.status != 401:
                raise
        token = self._log_in(token)
        return self.api.call(method, path, body=body, query=query, headers=self._headers(token, headers))

    def _headers(self, token: str, headers: Mapping[str, str] | None) -> dict[str, str]:
        acting = {"KeQiao-Organisation": self.organisation_id} if self.organisation_id else {}
        return {"Authorization": f"Bearer {token}", **acting, **(headers or {})}

    def _log_in(self, stale: str) -> str:
        with self._lock:
            if self._token == stale:
                given = {"login": self.login, "password": self._password}
                answer = self.api.call("POST", "/tokens", body=given).body
                self._token = str(answer["access_token"])
                self.organisation_id = self.organisation_id or _first_organisation(answer)
            return self._token


def _first_organisation(answer: Json) -> str | None:
    memberships = answer["user"]["memberships"]
    return str(memberships[0]["organisation_id"]) if memberships else None


def _plain(query: Query | None) -> dict[str, str]:
    return {name: str(value) for name, value in (query or {}).items() if value is not None}


def _should_repeat(response: requests.Response, deadline: float) -> bool:
    if time.monotonic() > deadline:
        return False
    return response.status_code in _BUSY or (response.status_code == 409 and _code(response) == "in_flight")


def _pause(response: requests.Response | None, attempt: int) -> float:
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    if asked.isdecimal():
        return min(float(asked), 10.0) + random.random() * 0.2
    return float(min(0.1 * 2 ** min(attempt, 6), 3.0) * (0.5 + random.random()))


def _answer(response: requests.Response) -> Answer:
    if response.status_code >= 400:
        raise Problem(response.status_code, _code(response), _json(response))
    return Answer(_json(response), response.headers.get("ETag"))


def _code(response: requests.Response) -> str:
    return str(_json(response).get("code", ""))


def _json(response: requests.Response) -> Json:
    try:
        body = response.json()
    except ValueError:
        return {"detail": response.text[:200]} if response.text else {}
    return body if isinstance(body, dict) else {"items": body}
