"""The public keys that access tokens are verified with, fetched from accounts and kept while it is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import jwt
import requests

from schemas.refusal import Unavailable

_MAX_AGE_SECONDS = 300.0
_MIN_INTERVAL_SECONDS = 2.0
_FETCH_SECONDS = 2.0


class KeySet:
    """The keys at `url` by their id.

    They are fetched when first needed, again when five minutes old, and once more for an id that is not among
    them, though never twice within `min_interval` seconds and by one worker at a time. Keys that cannot be
    refreshed go on being used.
    """

    def __init__(
        self,
        url: str,
        *,
        max_age: float = _MAX_AGE_SECONDS,
        min_interval: float = _MIN_INTERVAL_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._max_age, self._min_interval, self._monotonic = url, max_age, min_interval, monotonic
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._failing = False
        self._fetching = threading.Lock()

    def key(self, kid: str) -> jwt.PyJWK | None:
        """The key with this id, or None; raises Unavailable where only accounts could tell and is silent."""
        if self._is_old():
            self._refresh_unless_busy()
        if kid not in self._keys:
            self._refresh_for(kid)
        if kid not in self._keys and self._failing:
            raise Unavailable()
        return self._keys.get(kid)

    def _is_old(self) -> bool:
        return self._fetched_at is not None and self._monotonic() - self._fetched_at > self._max_age

    def _refresh_unless_busy(self) -> None:
        if self._fetching.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._fetching.release()

    def _refresh_for(self, kid: str) -> None:
        with self._fetching:
            # Another worker may have fetched it while this one waited.
            if kid not in self._keys:
                self._refresh()

    def _refresh(self) -> None:
        now = self._monotonic()
        if self._tried_at is not None and now - self._tried_at < self._min_interval:
            return
        self._tried_at = now
        try:
            self._keys = _fetch(self._url)
        except (requests.RequestException, ValueError, KeyError, TypeError, jwt.PyJWTError):
            self._failing = True
        else:
            self._fetched_at, self._failing = now, False


def _fetch(url: str) -> dict[str, jwt.PyJWK]:
    answer = requests.get(url, timeout=_FETCH_SECONDS)
    answer.raise_for_status()
    return {key["kid"]: jwt.PyJWK(key, algorithm="EdDSA") for key in answer.json()["keys"]}
