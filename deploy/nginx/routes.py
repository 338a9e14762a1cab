"""Which service owns which resource: the edge's routes as one table."""

from __future__ import annotations

from collections.abc import Mapping

#: owner -> first path segments below /api/v1 that it serves.
RESOURCES: Mapping[str, tuple[str, ...]] = {
    "accounts": ("districts", "organisations", "users", "memberships", "tokens", "keys"),
    "catalog": ("venues", "programmes", "slots", "closures", "units", "stops", "topics", "shared-resources"),
    "demand": ("schools", "requests", "calendar", "terms"),
    "experts": ("experts", "engagements"),
    "matcher": ("rounds", "matches", "explanations", "at-once", "verifier"),
    "search": ("search", "suggestions"),
    "ledger": ("ledger", "coverage", "trail", "exports"),
    "notices": ("notices",),
}
