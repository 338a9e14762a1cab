"""Closures over HTTP: days on which a venue takes nobody."""

from __future__ import annotations

from schemas.contract import Input
from schemas.events.catalog import ClosureState
from schemas.fields import Day, Id, Text


class ClosureInput(Input):
    """Days (both included) on which a venue is closed. Free slots are cancelled, others take nobody new."""

    venue_id = Id(required=True)
    first_day = Day(required=True)
    last_day = Day(required=True)
    reason = Text(required=True, max=200, min=2)


class ClosureView(ClosureState):
    """One closure; which matches it affects is told to the venue's own people and coordinators alone."""


class ClosureQuery(Input):
    """Filters of the list."""

    venue_id = Id()
    from_ = Day(data_key="from")
