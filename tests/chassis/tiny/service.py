"""Tiny's two nameko classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import eventlet

from schemas.contract import page
from schemas.refusal import NotFound, Stale
from services.chassis import http, rpc
from services.chassis.auth import Tokens
from services.chassis.clock import Clock
from services.chassis.db import Connection, Database
from services.chassis.ids import new_id
from services.chassis.telemetry import SqlGauge, Telemetry
from tests.chassis.tiny.contract import NAME, EveryField, NoteInput, NotesQuery, NoteView, NothingLeft, Words

_NOTES = SqlGauge("tiny_notes", "Notes", "select count(*) as value from note")
_INSERT = "insert into note (id, text, version, created_at) values (%s, %s, 1, %s) returning *"


class FarTooMuch(NothingLeft):
    """A refusal without texts of its own, whose base class has none either."""

    code = "far_too_much"


class TinyHttp:
    name = f"{NAME}_http"
    db = Database()
    clock = Clock()
    tokens = Tokens()
    telemetry = Telemetry("tiny", gauges=[_NOTES])
    openapi = http.OpenApi("tiny")
    tiny = rpc.Client(NAME)

    @http.endpoint("POST", "/notes", body=NoteInput, answer=NoteView, status=201, creates=True)
    def write_note(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        return _write(call, conn)

    @http.endpoint("POST", "/unguarded-notes", body=NoteInput, answer=NoteView, status=201)
    def write_unguarded_note(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        return _write(call, conn)

    @http.endpoint("GET", "/notes", query=NotesQuery, answer=page(NoteView), roles=None)
    def list_notes(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        after = call.cursor or [None, None]
        rows = conn.execute(
            "select * from note where text like %(text)s || '%%' and (%(id)s::uuid is null"
            " or (created_at, id) > (%(at)s::timestamptz, %(id)s)) order by created_at, id limit %(limit)s",
            {
                "text": call.query.get("text", ""),
                "at": after[0],
                "id": after[1],
                "limit": call.query["limit"] + 1,
            },
        ).fetchall()
        return http.page(rows, call.query["limit"], lambda row: [row["created_at"], row["id"]])

    @http.endpoint("GET", "/other-notes", query=http.Paging, answer=page(NoteView), roles=None)
    def list_other_notes(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        return {"items": [], "next": None}

    @http.endpoint("GET", "/notes/<uuid:note_id>", answer=NoteView, roles=None)
    def show_note(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        row = conn.execute("select * from note where id = %s", [call.params["note_id"]]).fetchone()
        if row is None:
            raise NotFound()
        return row

    @http.endpoint("PATCH", "/notes/<uuid:note_id>", body=NoteInput, answer=NoteView, changes=True)
    def change_note(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        row = conn.execute(
            "update note set text = %s, version = version + 1 where id = %s and version = %s returning *",
            [call.body["text"], call.params["note_id"], call.if_match],
        ).fetchone()
        if row is None:
            raise Stale()
        return row

    @http.endpoint("POST", "/fields", body=EveryField, roles=None)
    def take_fields(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        conn.execute(_INSERT, [new_id(), "fields", call.now])
        return {"names": sorted(call.body)}

    @http.endpoint("POST", "/nothing", roles=None)
    def take_nothing(self, call: http.Call, conn: Connection) -> None:
        return None

    @http.endpoint("GET", "/teachers", roles=frozenset({"teacher"}), transaction=False)
    def only_teachers(self, call: http.Call) -> dict[str, Any]:
        assert call.caller is not None
        return {"actor": call.actor.as_json(), "covers": call.caller.covers("150402001000")}

    @http.endpoint("GET", "/me", roles=http.SIGNED_IN, transaction=False)
    def who_am_i(self, call: http.Call) -> dict[str, Any]:
        return call.actor.as_json()

    @http.endpoint("GET", "/named/<name>", roles=None, transaction=False)
    def named(self, call: http.Call) -> dict[str, Any]:
        return {"name": call.params["name"]}

    @http.endpoint("GET", "/slow", roles=None)
    def slow(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        conn.execute("select pg_sleep(1.5)")
        return {}

    @http.endpoint("GET", "/locked", roles=None)
    def locked(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        conn.execute("select pg_advisory_xact_lock(1)")
        return {}

    @http.endpoint("GET", "/broken", roles=None)
    def broken(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        raise ZeroDivisionError("the secret is 42")

    @http.endpoint("GET", "/refused", roles=None)
    def refused(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        raise FarTooMuch(field="items[0]", count=3)

    @http.endpoint("GET", "/file", roles=None, transaction=False)
    def file(self, call: http.Call) -> http.FileAnswer:
        return http.stream("台账.csv", "text/csv; charset=utf-8", self._lines())

    @http.endpoint("POST", "/calls/<name>", body=Words, roles=None, transaction=False)
    def call_tiny(self, call: http.Call) -> dict[str, Any]:
        body: dict[str, Any] = self.tiny.call(
            call.params["name"], call.body, deadline_seconds=1.0, actor=call.actor
        )
        return body

    @http.endpoint("POST", "/calls-inside", body=Words, roles=None)
    def call_inside_transaction(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        return dict(self.tiny.call("echo", call.body))

    @http.endpoint("GET", "/pending", roles=None, transaction=False)
    def pending(self, call: http.Call) -> dict[str, Any]:
        return {"pending": len(self.tiny._replies.pending)}

    def _lines(self) -> Iterator[bytes]:
        yield b"id\n"
        with self.db.read() as conn:
            for row in conn.execute("select generate_series(1, 3) as id"):
                yield f"{row['id']}\n".encode()


class Tiny:
    name = NAME
    db = Database()
    clock = Clock()
    telemetry = Telemetry("tiny")
    republish = rpc.republish_command()

    @rpc.command("echo")
    def echo(self, call: rpc.RpcCall, body: dict[str, Any]) -> dict[str, Any]:
        with self.db.transaction() as conn:
            conn.execute("insert into executed (command, at) values (%s, %s)", [body["words"], call.now])
        eventlet.sleep(body["wait_seconds"])
        actor = call.actor.as_json() if call.actor else None
        return {"words": body["words"], "caller": call.caller, "trace_id": call.trace_id, "actor": actor}

    @rpc.command("refuse")
    def refuse(self, call: rpc.RpcCall, body: dict[str, Any]) -> dict[str, Any]:
        raise NothingLeft(field="words", left=0, asked=body["words"])

    @rpc.command("break")
    def break_down(self, call: rpc.RpcCall, body: dict[str, Any]) -> dict[str, Any]:
        raise ZeroDivisionError("the secret is 42")


class TinyShared(TinyHttp, Tiny):
    """Both in one nameko class: pages and commands share its workers, as they should not."""

    name = NAME


def _write(call: http.Call, conn: Connection) -> dict[str, Any]:
    row = conn.execute(_INSERT, [new_id(), call.body["text"], call.now]).fetchone()
    conn.execute("select pg_sleep(%s)", [call.body["wait_seconds"]])
    assert row is not None
    return row
