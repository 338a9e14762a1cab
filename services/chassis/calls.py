"""What a call between services looks like on the bus: names, messages, answers, and its refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any

import amqp
from marshmallow import Schema, ValidationError

from schemas.contract import Fact, shared
from schemas.envelope import ActorSchema
from schemas.fields import Document, Instant, Nested, Text, dump_instant
from schemas.refusal import FieldError, Invalid, Refusal
from services.chassis.auth import Actor

_REPLY_TO = re.compile(r"(?P<exchange>[a-z_]+\.replies)/(?P<key>[0-9a-f-]{36})")

Command = tuple[type[Schema], type[Schema]]
_published: dict[str, Mapping[str, Command]] = {}


class NoAnswer(Refusal):
    """The other service did not answer in time, or cannot be reached; whether it acted is not known."""

    code = "no_answer"


class Refused(Refusal):
    """The other service refused, under its own code."""

    def __init__(self, code: str, field: str | None = None, params: dict[str, object] | None = None) -> None:
        self.code = code
        super().__init__(field=field, **(params or {}))


class UnknownCommand(Refusal):
    """The owner answers no such command."""

    code = "unknown_command"


class MalformedCall(ValueError):
    """A message that is no call; there is nobody to tell."""


@dataclass(frozen=True)
class RpcCall:
    """One command as its method sees it; `deadline` is when the caller gives up."""

    command: str
    caller: str
    actor: Actor | None
    trace_id: str | None
    deadline: datetime
    now: datetime


@dataclass(frozen=True)
class Request:
    """One command as it arrived, and where its answer goes."""

    command: str
    caller: str
    body: dict[str, Any]
    actor: dict[str, Any] | None
    trace_id: str | None
    deadline: datetime
    reply_exchange: str
    reply_key: str
    correlation_id: str


class _RequestSchema(Fact):
    body = Document(required=True)
    deadline = Instant(required=True)
    trace_id = Text(max=64, required=True, allow_none=True)
    actor = Nested(ActorSchema, required=True, allow_none=True)


class _RefusalSchema(Fact):
    code = Text(max=100, required=True)
    field = Text(max=300, required=True, allow_none=True)
    params = Document(required=True)


class _ReplySchema(Fact):
    answer = Document(load_default=None, allow_none=True)
    refusal = Nested(_RefusalSchema, load_default=None, allow_none=True)


@cache
def commands(owner: str) -> dict[str, Command]:
    """The commands that `owner` has published in `schemas/rpc/`, `republish` among them."""
    everybodys: Mapping[str, Command] = import_module("schemas.rpc.republish").COMMANDS
    return {**everybodys, **(_published.get(owner) or _contract(owner))}


def publish_commands(owner: str, known: Mapping[str, Command]) -> None:
    """Make the commands known of an owner that has no module in `schemas/rpc/`."""
    _published[owner] = known
    commands.cache_clear()


def _contract(owner: str) -> Mapping[str, Command]:
    try:
        known: Mapping[str, Command] = import_module(f"schemas.rpc.{owner}").COMMANDS
    except ModuleNotFoundError:
        return {}
    return known


def request_message(
    body: dict[str, Any],
    *,
    deadline: datetime,
    seconds: float,
    trace_id: str | None,
    actor: Actor | None,
    reply_to: str,
    correlation_id: str,
    user: str,
) -> amqp.Message:
    """The message that carries a command; the broker drops it once `seconds` are over."""
    payload = {
        "body": body,
        "deadline": dump_instant(deadline),
        "trace_id": trace_id,
        "actor": actor.as_json() if actor else None,
    }
    return _message(
        payload,
        reply_to=reply_to,
        correlation_id=correlation_id,
        expiration=str(max(1, round(seconds * 1000))),
        user_id=user,  # checked by the broker, so that a caller cannot take another's name
    )


def read_request(message: amqp.Message) -> Request:
    """The command in a message; raises MalformedCall."""
    properties = message.properties
    target = _REPLY_TO.fullmatch(str(properties.get("reply_to")))
    if not target or "correlation_id" not in properties:
        raise MalformedCall("no way to answer")
    try:
        read = shared(_RequestSchema).load(json.loads(_text(message)))
    except (ValueError, ValidationError, RecursionError) as error:
        raise MalformedCall(str(error)) from error
    return Request(
        command=message.delivery_info["routing_key"],
        caller=str(properties.get("user_id", "")),
        body=read["body"],
        actor=read["actor"],
        trace_id=read["trace_id"],
        deadline=read["deadline"],
        reply_exchange=target["exchange"],
        reply_key=target["key"],
        correlation_id=properties["correlation_id"],
    )


def answer_message(request: Request, answer: dict[str, Any]) -> amqp.Message:
    """The message that carries an answer."""
    return _message({"answer": answer}, correlation_id=request.correlation_id)


def refusal_message(request: Request, refusal: Refusal) -> amqp.Message:
    """The message that carries a refusal: code, field and params, and a field's several errors as a param."""
    params = dict(refusal.params)
    if isinstance(refusal, Invalid):
        params["errors"] = [error._asdict() | {"params": dict(error.params)} for error in refusal.errors]
    said = {"code": refusal.code, "field": refusal.field, "params": params}
    return _message({"refusal": said}, correlation_id=request.correlation_id)


def read_reply(message: amqp.Message) -> dict[str, Any]:
    """The answer in a message; raises what was refused, or NoAnswer if it is neither."""
    try:
        reply = shared(_ReplySchema).load(json.loads(_text(message)))
    except (ValueError, ValidationError, RecursionError):
        raise NoAnswer() from None
    if reply["refusal"]:
        raise _refused(**reply["refusal"])
    if reply["answer"] is None:
        raise NoAnswer()
    answer: dict[str, Any] = reply["answer"]
    return answer


def _refused(code: str, field: str | None, params: dict[str, Any]) -> Refusal:
    errors = params.get("errors")
    if code == Invalid.code and errors:
        return Invalid(*(FieldError(error["field"], error["code"], error["params"]) for error in errors))
    return Refused(code, field, params)


def _text(message: amqp.Message) -> str:
    body = message.body
    return body.decode("utf-8") if isinstance(body, bytes) else str(body)


def _message(payload: dict[str, Any], **properties: Any) -> amqp.Message:
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return amqp.Message(text, content_type="application/json", content_encoding="utf-8", **properties)
