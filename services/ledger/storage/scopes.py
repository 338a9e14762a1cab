"""What a caller may see, as SQL conditions with their parameters."""

from __future__ import annotations

from typing import Any

from services.ledger.domain import Period, Scope

#: Entries `e` that the scope takes part in or covers.
ENTRIES = """
(%(area)s::text is null or e.adcode like %(area)s)
and (%(organisation)s::uuid is null or e.organisation_ids @> array[%(organisation)s::uuid])
and (%(expert)s::uuid is null or e.expert_ids @> array[%(expert)s::uuid])
"""

#: Schools `s` that the scope covers or is.
SCHOOLS = """
(%(area)s::text is null or s.adcode like %(area)s)
and (%(organisation)s::uuid is null or s.id = %(organisation)s)
"""


def parameters(scope: Scope, period: Period | None = None) -> dict[str, Any]:
    """The parameters of the conditions above, and `start` and `end` of the period."""
    return {
        "area": None if scope.area is None else scope.area + "%",
        "organisation": scope.organisation_id,
        "expert": scope.expert_id,
        **({"start": period.start, "end": period.end} if period else {}),
    }
