"""Golden messages: what an owner's outbox says, with stable ids, against the files in schemas/examples.

`KEQIAO_WRITE_EXAMPLES=1 pytest tests/contracts/…` writes the files anew; read the difference before it lands.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from schemas.envelope import EnvelopeSchema
from services.chassis.store import Connection

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "examples"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Message = dict[str, Any]


def first_of_each_type(conn: Connection) -> dict[str, Message]:
    """The first message of each type in an outbox, in the order in which they were written."""
    rows = conn.execute("select body from outbox order by created_at, id").fetchall()
    names: dict[str, str] = {}
    messages: dict[str, Message] = {}
    for row in rows:
        message = json.loads(_ID.sub(lambda found: _stable(names, found[0]), row["body"]))
        messages.setdefault(message["type"], message)
    return messages


def check(owner: str, messages: Mapping[str, Message]) -> None:
    """Every event type of the owner has its example, which the owner still says word for word."""
    events = import_module(f"schemas.events.{owner}").EVENTS
    assert sorted(messages) == sorted(events)
    for type_, message in messages.items():
        _check_one(EXAMPLES / owner / f"{type_}.json", message, *events[type_])


def _check_one(file: Path, message: Message, aggregate: str, schema: type[Any]) -> None:
    text = json.dumps(message, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("KEQIAO_WRITE_EXAMPLES"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text
    assert message["aggregate"] == aggregate
    assert not EnvelopeSchema().validate(message)
    assert not schema().validate(message["data"])
    assert set(message["data"]) == set(schema().fields), "an event carries the whole state and nothing else"


def _stable(names: dict[str, str], id_: str) -> str:
    return names.setdefault(id_, f"00000000-0000-7000-8000-{len(names) + 1:012d}")


def examples(owner: str) -> Iterable[Message]:
    """Every golden message of an owner, for its consumers' tests."""
    return [
        json.loads(file.read_text(encoding="utf-8")) for file in sorted((EXAMPLES / owner).glob("*.json"))
    ]
