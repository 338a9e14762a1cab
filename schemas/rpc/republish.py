"""The one command that every owner answers: tell a consumer the present states again, page by page."""

from __future__ import annotations

from schemas import fields
from schemas.contract import Fact, Input


class Republish(Input):
    """Up to `limit` aggregates after the id `after` (null: from the first) go to `consumer`."""

    consumer = fields.Text(max=40, required=True)
    aggregate = fields.Text(max=40, required=True)
    after = fields.Id(load_default=None, allow_none=True)
    limit = fields.Int(min=1, max=5000, load_default=500)


class Republished(Fact):
    """`last` is where to go on; `done` when there is nothing left."""

    last = fields.Id(required=True, allow_none=True)
    done = fields.Flag(required=True)


COMMANDS = {"republish": (Republish, Republished)}
