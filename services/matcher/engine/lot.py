"""The order in which things are looked at: drawn by lot from the round's seed.

A request is drawn under its alias, since that is what the papers call it: anybody can draw again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from services.matcher.engine.model import Key, Wish


class _Keyed(Protocol):
    @property
    def key(self) -> Key: ...


# Hexadecimal digits of an alias and of a lot.
_DIGITS = 16
_Thing = TypeVar("_Thing", bound=_Keyed)


def by_lot(seed: str, things: Iterable[_Thing]) -> tuple[_Thing, ...]:
    """In the order that the seed draws, whatever the order in which they come."""
    return tuple(sorted(things, key=lambda thing: _drawn(seed, thing.key)))


def wishes_by_lot(seed: str, salt: str, wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """Wishes in the order of their lots; without a salt nobody is told of these, and keys are drawn."""
    if not salt:
        return by_lot(seed, wishes)
    return tuple(sorted(wishes, key=lambda wish: lot_of(seed, alias_of(salt, wish.key))))


def alias_of(salt: str, key: Key) -> str:
    """What stands for a request in the papers: nobody without the round's salt can tell whose it is."""
    return _drawn(salt, key)[:_DIGITS]


def lot_of(seed: str, alias: str) -> str:
    """What is drawn for a request: of two that are equal in all else, the lower lot is looked at first."""
    return _drawn(seed, alias)[:_DIGITS]


def lots(seed: str, salt: str, wishes: Sequence[Wish]) -> list[list[str]]:
    """Alias and lot of each wish."""
    aliases = [alias_of(salt, wish.key) for wish in wishes]
    return [[alias, lot_of(seed, alias)] for alias in aliases]


def _drawn(seed: str, key: Key) -> str:
    return hashlib.sha256(f"{seed}|{key}".encode()).hexdigest()
