"""A fact as a consumer receives it: the envelope of an event, read from a message and checked."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any
from uuid import UUID

import orjson
from marshmallow import Schema, ValidationError

from schemas.envelope import EnvelopeSchema

_ENVELOPE = EnvelopeSchema()
# What every reader of JSON can hold without rounding.
_MOST = 2**53
_WORD = re.compile(r"[a-z][a-z_]{0,38}")
_TRACE = re.compile(r"[0-9a-f]{32}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Malformed(ValueError):
    """A message is not a fact as its owner has promised it; no retry will mend that."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One event: its aggregate reached `version`, and `data` is the whole public state as JSON primitives.

    `now` is the consumer's time of handling it. A consumer keeps the newest version and ignores the rest.
    """

    id: UUID
    type: str
    owner: str
    aggregate: str
    aggregate_id: UUID
    version: int
    occurred_at: datetime
    trace_id: str | None
    actor: dict[str, Any] | None
    reason: str | None
    data: dict[str, Any]
    now: datetime

    @property
    def republished(self) -> bool:
        """Return whether this repeats a present state for this consumer, rather than telling of a change."""
        return self.type == f"{self.aggregate}_republished"


def read_fact(body: bytes | str, *, now: datetime) -> Fact:
    """Return the fact in a message's body; raise Malformed if its envelope is none.

    The state in it is not held against its owner's schema: see `check_data`.
    """
    value = _decoded(body)
    return Fact(now=now, **(_plain_envelope(value) or _envelope(value)))


def newest(facts: Iterable[Fact]) -> list[Fact]:
    """Return the newest fact about each aggregate, for one statement that must not meet a row twice."""
    found: dict[tuple[str, UUID], Fact] = {}
    for fact in facts:
        known = found.get((fact.aggregate, fact.aggregate_id))
        if known is None or fact.version > known.version:
            found[fact.aggregate, fact.aggregate_id] = fact
    return list(found.values())


def check_data(fact: Fact) -> None:
    """Raise Malformed if the state breaks the schema of its owner.

    Asked only about a fact that its handler could not use: a reader that takes what it knows and gets on
    with it needs no opinion about the rest, and the check costs more than all other reading together.
    """
    schema = _state_schemas(fact.owner).get(fact.aggregate)
    if schema is None:
        return
    errors = schema.validate(fact.data)
    if errors:
        raise Malformed(f"{fact.owner}'s {fact.aggregate}: {errors}")


def _decoded(body: bytes | str) -> Any:
    """Return the JSON value; NaN, half a surrogate pair and what is nested too deep are malformed too."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}") from error


def _envelope(value: Any) -> dict[str, Any]:
    """Return the envelope's members with their own types, and `data` and `actor` as they came."""
    try:
        loaded: dict[str, Any] = _ENVELOPE.load(value)
    except ValidationError as error:
        raise Malformed(f"not an event: {error.messages}") from error
    return loaded | {"data": value["data"], "actor": value["actor"]}


def _plain_envelope(value: Any) -> dict[str, Any] | None:
    """Return what `_envelope` would for an envelope as our services write it, in a fifth of the time.

    None says nothing about the envelope: the schema decides. What is accepted here, it accepts too.
    """
    if not isinstance(value, dict) or not _is_plain(value):
        return None
    try:
        return {
            "id": UUID(value["id"]),
            "type": value["type"],
            "owner": value["owner"],
            "aggregate": value["aggregate"],
            "aggregate_id": UUID(value["aggregate_id"]),
            "version": value["version"],
            "occurred_at": datetime.fromisoformat(value["occurred_at"]),
            "trace_id": value["trace_id"],
            "actor": value["actor"],
            "reason": value["reason"],
            "data": value["data"],
        }
    except ValueError:
        return None


def _is_plain(value: dict[str, Any]) -> bool:
    """Return whether every member is of the plainest form that the envelope's schema allows."""
    get = value.get
    version = get("version")
    return (
        all(_matches(_WORD, get(name)) for name in ("type", "owner", "aggregate"))
        and all(_matches(_ID, get(name)) for name in ("id", "aggregate_id"))
        and type(version) is int
        and 1 <= version < _MOST
        and _matches(_INSTANT, get("occurred_at"))
        and (get("trace_id", 0) is None or _matches(_TRACE, get("trace_id")))
        and get("reason", 0) is None
        and type(get("data")) is dict
        and _is_plain_actor(get("actor"))
    )


def _is_plain_actor(actor: Any) -> bool:
    """Return whether this names an actor in the plainest form."""
    return (
        type(actor) is dict
        and all(
            actor.get(name, 0) is None or _matches(_ID, actor.get(name))
            for name in ("user_id", "organisation_id")
        )
        and (actor.get("role", 0) is None or _matches(_WORD, actor.get("role")))
        and _is_plain_text(actor.get("name"))
    )


def _is_plain_text(text: Any) -> bool:
    """Return whether this is one printable line as it would be stored."""
    return (
        type(text) is str
        and 0 < len(text) <= 200
        and text.isprintable()
        and text == text.strip()
        and unicodedata.is_normalized("NFC", text)
    )


def _matches(pattern: re.Pattern[str], text: Any) -> bool:
    """Return whether this is a text of that form."""
    return type(text) is str and pattern.fullmatch(text) is not None


@cache
def _state_schemas(owner: str) -> Mapping[str, Schema]:
    """Return the schema of each aggregate that the owner publishes; none for an owner without contracts."""
    try:
        events = import_module(f"schemas.events.{owner}").EVENTS
    except ModuleNotFoundError:
        return {}
    return {aggregate: schema() for aggregate, schema in events.values()}
