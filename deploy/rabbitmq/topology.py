"""Who calls and hears whom, and the broker's definitions (exchanges, users, permissions) that follow."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Mapping

from deploy.usage import takes_nothing

VHOST = "keqiao"

#: caller -> owners whose commands it sends (republish, which every projection needs, among them).
CALLS: Mapping[str, tuple[str, ...]] = {
    "accounts": (),
    "catalog": ("accounts", "matcher", "demand"),
    "demand": ("matcher", "accounts"),
    "experts": ("accounts", "matcher", "demand"),
    "matcher": ("catalog", "experts", "demand", "accounts"),
    "search": ("catalog", "experts", "accounts"),
    "ledger": ("accounts", "catalog", "demand", "experts", "matcher"),
    "notices": ("accounts", "demand", "matcher", "catalog", "experts"),
}

#: consumer -> owners whose events it hears.
HEARS: Mapping[str, tuple[str, ...]] = {
    "accounts": (),
    "catalog": ("accounts", "matcher", "demand"),
    "demand": ("accounts", "matcher"),
    "experts": ("accounts", "matcher", "demand"),
    "matcher": ("accounts", "catalog", "demand", "experts"),
    "search": ("accounts", "catalog", "experts"),
    "ledger": ("accounts", "catalog", "demand", "experts", "matcher"),
    "notices": ("accounts", "catalog", "demand", "experts", "matcher"),
}

_EXCHANGES = {"events": "topic", "rpc": "direct", "replies": "direct", "retry": "topic"}


def serves_rpc(service: str) -> bool:
    """Whether any other service calls it, so that it must be able to answer."""
    return any(service in owners for owners in CALLS.values())


def permission(service: str) -> dict[str, str]:
    """The three patterns of a service's user: its own names, and of others only what the tables above say."""
    own = rf"{service}\..*"
    writes = [own, *(rf"{owner}\.rpc" for owner in CALLS[service])]
    if serves_rpc(service):
        writes.append(r"[a-z]+\.replies")
    reads = [own, *(rf"{owner}\.events" for owner in HEARS[service])]
    return {"configure": _any_of([own]), "write": _any_of(writes), "read": _any_of(reads)}


def definitions(passwords: Mapping[str, str]) -> str:
    """The definitions as JSON; `passwords` holds one per service, and those of `relay` and `operator`."""
    services = tuple(CALLS)
    users = [_user(name, passwords[name]) for name in (*services, "relay")]
    users.append(_user("operator", passwords["operator"], "administrator"))
    permissions = [{"user": name, "vhost": VHOST, **permission(name)} for name in services]
    permissions.append(
        {"user": "relay", "vhost": VHOST, "configure": "^$", "write": r"^[a-z]+\.events$", "read": "^$"}
    )
    permissions.append({"user": "operator", "vhost": VHOST, "configure": ".*", "write": ".*", "read": ".*"})
    return json.dumps(
        {
            "vhosts": [{"name": VHOST}],
            "users": users,
            "permissions": permissions,
            "exchanges": [
                _exchange(f"{s}.{kind}", type_) for s in services for kind, type_ in _EXCHANGES.items()
            ],
        },
        indent=1,
    )


def _any_of(patterns: list[str]) -> str:
    return f"^({'|'.join(patterns)})$"


def _exchange(name: str, type_: str) -> dict[str, object]:
    return {
        "name": name,
        "vhost": VHOST,
        "type": type_,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _user(name: str, password: str, tags: str = "") -> dict[str, object]:
    return {
        "name": name,
        "password_hash": _hashed(name, password),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": tags,
    }


def _hashed(name: str, password: str) -> str:
    # The salt follows from the random password, so that rendering twice gives one and the same file.
    salt = hashlib.sha256(f"{name}:{password}".encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


if __name__ == "__main__":
    takes_nothing("deploy.rabbitmq.topology", __doc__)
    print(definitions(json.load(sys.stdin)))
