"""The stack as the demonstration knows it: who logs in for whom, and the ids that things got."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.demo.client import Api, Json, Person

OPERATOR, CITY = "operator", "city"


@dataclass
class World:
    """Ids by name, filled by the loaders; people log in when they are first asked for."""

    api: Api
    operator_password: str
    organisations: dict[str, str] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    venues: dict[str, Json] = field(default_factory=dict)
    units: dict[str, Json] = field(default_factory=dict)
    shared: dict[str, list[Json]] = field(default_factory=dict)
    programmes: dict[str, Json] = field(default_factory=dict)
    experts: dict[str, Json] = field(default_factory=dict)
    _people: dict[str, Person] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def password(self) -> str:
        """The password of everybody but the operator, derived from the operator's; letters only."""
        digest = hashlib.sha256(f"people of {self.operator_password}".encode()).digest()
        return "".join(chr(ord("a") + byte % 26) for byte in digest[:20])

    def person(self, login: str) -> Person:
        """Somebody, acting for the organisation that `members` names for the login."""
        with self._lock:
            if login not in self._people:
                secret = self.operator_password if login == OPERATOR else self.password
                self._people[login] = Person(self.api, login, secret, self.members.get(login))
            return self._people[login]

    @property
    def operator(self) -> Person:
        return self.person(OPERATOR)

    @property
    def city(self) -> Person:
        """The coordinator of the whole city."""
        return self.person(CITY)

    @property
    def expert_logins(self) -> dict[str, str]:
        """Expert id -> login."""
        return {expert["id"]: login for login, expert in self.experts.items()}

    @property
    def staff(self) -> dict[str, str]:
        """Organisation id -> the login of a school's teacher or a venue's staff."""
        return {
            where: login for login, where in self.members.items() if login[0] in "svh" and login[-1] != "h"
        }

    def codes(self, names: tuple[str, ...]) -> list[str]:
        """Topic codes of Chinese names; those that the topic tree lacks are left out."""
        return [self.topics[name] for name in names if name in self.topics]


def world(variables: Mapping[str, str], api: Api) -> World:
    """A world that knows nobody yet, from the environment of the demonstration (`deploy.local env demo`)."""
    return World(api, variables["BOOTSTRAP_OPERATOR_PASSWORD"])
