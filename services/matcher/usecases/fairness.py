"""How fair a round's plan is: what is kept of it, and what is shown of that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.matcher.engine.model import FairnessTold, GroupShare

Row = dict[str, Any]


def told(fairness: FairnessTold | None) -> Row | None:
    """What a round keeps: FairnessView but for what follows from its groups; None if it was not asked."""
    return fairness and {
        "highest": round(fairness.highest, 6),
        "value": fairness.value,
        "pupils": fairness.people,
        "groups": [_group(group) for group in fairness.groups],
    }


def shown(kept: Mapping[str, Any] | None, *, with_groups: bool) -> Row | None:
    """A FairnessView; the groups are for who oversees them."""
    if kept is None:
        return None
    districts = [group for group in kept["groups"] if group["township"] is None]
    return {
        **kept,
        "lowest": _lowest(districts, "served"),
        "fair": _lowest(districts, "fair"),
        # Rounds that were solved before anything beside the wishes was counted say nothing of it.
        "groups": [{"already": 0, **group} for group in kept["groups"]] if with_groups else None,
    }


def _group(group: GroupShare) -> Row:
    adcode, *township = map(str, group.name)
    return {"adcode": adcode, "township": township[0] if township else None, **_numbers(group)}


def _numbers(group: GroupShare) -> Row:
    return {name: getattr(group, name) for name in ("demand", "already", "fair", "floor", "served")}


def _lowest(groups: list[Row], name: str) -> float:
    return min((group[name] / max(1, group["demand"]) for group in groups), default=1.0)
