"""Commands between services: `command` serves one, `Client` sends them, always with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.rpc.republish import Republish, Republished
from services.chassis import outbox
from services.chassis.calls import NoAnswer, Refused, RpcCall, UnknownCommand
from services.chassis.rpc_client import CallInsideTransaction, Client, PlainClient, client
from services.chassis.rpc_server import command

__all__ = [
    "CallInsideTransaction",
    "Client",
    "NoAnswer",
    "PlainClient",
    "Refused",
    "RpcCall",
    "UnknownCommand",
    "client",
    "command",
    "republish_command",
]


def republish_command() -> Callable[..., Any]:
    """The `republish` command, for an owner's class that has `db`: `republish = rpc.republish_command()`."""

    @command("republish", request=Republish, answer=Republished)
    def republish(service: Any, call: RpcCall, body: dict[str, Any]) -> dict[str, Any]:
        """Write one page of present states into the outbox, for the consumer alone."""
        with service.db.transaction() as conn:
            last = outbox.republish(conn, now=call.now, **body)
        return {"last": last, "done": last is None}

    return republish
