"""Shared resources over HTTP: rooms, guides, kits and coaches that a provider's sessions have in common."""

from __future__ import annotations

from schemas.codes import SHARED_KINDS, SHARED_STATES
from schemas.contract import Input
from schemas.events.catalog import SharedResourceState
from schemas.fields import Code, Flag, Id, Int, Text

_MOST = 10_000


class SharedResourceInput(Input):
    """A new one; without `organisation_id` it belongs to the organisation that the caller acts for."""

    organisation_id = Id(load_default=None, allow_none=True)
    kind = Code(SHARED_KINDS, required=True)
    name = Text(required=True, max=120, min=2)
    name_en = Text(load_default=None, allow_none=True, max=120)
    number = Int(required=True, min=0, max=_MOST)
    demonstration = Flag(load_default=False)


class SharedResourcePatch(Input):
    """What may change about one that is not withdrawn; its owner and its kind may not."""

    name = Text(max=120, min=2)
    name_en = Text(allow_none=True, max=120)
    number = Int(min=0, max=_MOST)
    demonstration = Flag()


class SharedResourceView(SharedResourceState):
    """One shared resource, as everybody may see it."""


class SharedResourceQuery(Input):
    """Filters of the list."""

    organisation_id = Id()
    kind = Code(SHARED_KINDS)
    state = Code(SHARED_STATES)
