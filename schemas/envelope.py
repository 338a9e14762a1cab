"""What every event on the bus is wrapped in."""

from __future__ import annotations

from schemas.contract import Fact
from schemas.fields import Document, Id, Instant, Int, Nested, Text


class ActorSchema(Fact):
    """Who did it: a person acting for an organisation in a role, or a part of the system by name."""

    user_id = Id(required=True, allow_none=True)
    organisation_id = Id(required=True, allow_none=True)
    role = Text(max=40, required=True, allow_none=True)
    name = Text(max=200, required=True)


class EnvelopeSchema(Fact):
    """One fact: an aggregate reached `version`, and `data` is its whole public state then."""

    id = Id(required=True)
    type = Text(max=80, required=True)
    owner = Text(max=40, required=True)
    aggregate = Text(max=40, required=True)
    aggregate_id = Id(required=True)
    version = Int(min=1, required=True)
    occurred_at = Instant(required=True)
    trace_id = Text(max=64, required=True, allow_none=True)
    actor = Nested(ActorSchema, required=True, allow_none=True)
    reason = Text(max=1000, required=True, allow_none=True, lines=True, min=0)
    data = Document(required=True)
