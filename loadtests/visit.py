"""One person's visit: calls under the person's token, counted by name, any 5xx a failure."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from locust.contrib.fasthttp import FastHttpSession

from loadtests.ground import Somebody

Json = dict[str, Any]


class Visit:
    """The calls of one visit."""

    def __init__(self, client: FastHttpSession, who: Somebody) -> None:
        self._client, self.who = client, who

    def get(self, path: str, query: Mapping[str, object] | None = None, *, name: str) -> Json | None:
        """The body, or None if the answer was an error."""
        return self._call("GET", path, name, {}, params={k: str(v) for k, v in (query or {}).items()})

    def post(
        self, path: str, body: Json, *, name: str, key: str | None = None, allowed: Set[int] = frozenset()
    ) -> Json | None:
        """The body, or None; statuses in `allowed` are good answers too."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._call("POST", path, name, headers, allowed, json=body)

    def _call(
        self,
        method: str,
        path: str,
        name: str,
        headers: dict[str, str],
        allowed: Set[int] = frozenset(),
        **rest: Any,
    ) -> Json | None:
        everything = {**self.who.headers, **headers}
        with self._client.request(
            method, f"/api/v1{path}", name=name, headers=everything, catch_response=True, **rest
        ) as response:
            if response.status_code in allowed:
                response.success()
                return None
            if not 200 <= response.status_code < 300:
                response.failure(f"{response.status_code} {response.text[:120]}")
                return None
            answer: Json = response.json()
            return answer
