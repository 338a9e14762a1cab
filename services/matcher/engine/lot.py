"""The order in which things are looked at: drawn by lot from the round's seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol, TypeVar

from services.matcher.engine.model import Key


class _Keyed(Protocol):
    @property
    def key(self) -> Key: ...


_Thing = TypeVar("_Thing", bound=_Keyed)


def by_lot(seed: str, things: Iterable[_Thing]) -> tuple[_Thing, ...]:
    """In the order that the seed draws, whatever the order in which they come."""
    return tuple(sorted(things, key=lambda thing: hashlib.sha256(f"{seed}|{thing.key}".encode()).digest()))
