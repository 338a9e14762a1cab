"""A person's notices, and how they were delivered."""

from __future__ import annotations

from schemas import fields
from schemas.contract import Fact, Input

MAILED_KINDS = (
    *("match_cancelled", "match_confirmed", "offer_awaits_answer", "request_unserved", "round_drawn_up"),
    *("round_failed", "company_below_least"),
)
DELIVERY_STATES = ("waiting", "sending", "sent", "failed", "dropped", "uncertain")


class NoticeQuery(Input):
    """Which of one's notices to list."""

    unread = fields.Flag()
    kind = fields.Text(max=40)


class NoticeView(Fact):
    """One notice in the reader's language; `path` is where the portal shows what it is about."""

    id = fields.Id(required=True)
    kind = fields.Text(max=40, required=True)
    title = fields.Text(max=400, required=True)
    body = fields.Text(max=4000, lines=True, required=True)
    aggregate = fields.Text(max=40, required=True)
    aggregate_id = fields.Id(required=True)
    path = fields.Text(max=200, required=True)
    created_at = fields.Instant(required=True)
    read_at = fields.Instant(required=True, allow_none=True)


class NoticeCounts(Fact):
    """How many notices there are, and how many of them unread."""

    total = fields.Int(min=0, required=True)
    unread = fields.Int(min=0, required=True)


class PreferencesInput(Input):
    """The kinds that one does not want by e-mail; in the system all come."""

    muted = fields.ListOf(fields.Code(MAILED_KINDS), max=len(MAILED_KINDS), unique=True, required=True)


class PreferencesView(Fact):
    """The kinds that are sent by e-mail at all, and those that one does not want so."""

    mailed = fields.ListOf(fields.Text(max=40), max=50, required=True)
    muted = fields.ListOf(fields.Text(max=40), max=50, required=True)


class DeliveryQuery(Input):
    """Which deliveries to list."""

    state = fields.Code(DELIVERY_STATES)


class DeliveryView(Fact):
    """One e-mail on its way. `uncertain`: it may have gone out, and is not sent again.

    `dropped`: what it would have said was no longer so, or its reader does not want it.
    """

    id = fields.Id(required=True)
    user_id = fields.Id(required=True)
    channel = fields.Text(max=20, required=True)
    kind = fields.Text(max=40, required=True)
    aggregate = fields.Text(max=40, required=True)
    aggregate_id = fields.Id(required=True)
    state = fields.Code(DELIVERY_STATES, required=True)
    attempts = fields.Int(min=0, required=True)
    next_at = fields.Instant(required=True)
    created_at = fields.Instant(required=True)
    finished_at = fields.Instant(required=True, allow_none=True)
    error = fields.Text(max=1000, min=0, lines=True, required=True, allow_none=True)
