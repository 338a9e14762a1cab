"""What matcher hears of others, an hour after NOW: their golden messages about something else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.chassis.facts import Fact
from services.chassis.ids import new_id
from tests.builders.drafts import NOW
from tests.contracts import golden

LATER = NOW + timedelta(hours=1)


def a_fact(owner: str, type_: str, aggregate_id: UUID, version: int = 9, **changes: Any) -> Fact:
    """The owner's golden message of this type, about something else."""
    (message,) = [message for message in golden.examples(owner) if message["type"] == type_]
    return Fact(
        id=new_id(),
        type=type_,
        owner=owner,
        aggregate=message["aggregate"],
        aggregate_id=aggregate_id,
        version=version,
        occurred_at=LATER,
        trace_id=None,
        actor=message["actor"],
        reason="设备检修",
        data={**message["data"], "id": str(aggregate_id), **changes},
        now=LATER,
    )


def times(start: datetime) -> dict[str, Any]:
    """An hour and a half from then, as it is told."""
    return {"starts_at": start.isoformat(), "ends_at": (start + timedelta(minutes=90)).isoformat()}
