"""What tiny takes and gives."""

from __future__ import annotations

import os

from schemas import fields
from schemas.contract import Fact, Input
from schemas.refusal import Refusal
from services.chassis import http
from services.chassis.calls import Command, publish_commands


class NoteInput(Input):
    text = fields.Text(max=100, required=True)
    wait_seconds = fields.Number(min=0, max=10, load_default=0.0)


class NoteView(Fact):
    id = fields.Id(required=True)
    text = fields.Text(max=100, required=True)
    version = fields.Int(min=1, required=True)
    created_at = fields.Instant(required=True)


class NotesQuery(http.Paging):
    text = fields.Text(max=100)
    since = fields.Instant()
    hot = fields.Flag()
    sizes = fields.ListOf(fields.Int(min=1), max=3)


class Window(Input):
    starts_at = fields.Instant(required=True)


class EveryField(Input):
    """One of each, for hostile bodies."""

    id = fields.Id()
    text = fields.Text(max=10)
    code = fields.Code(["visit", "show"])
    pupils = fields.Int(min=1, max=1000)
    ratio = fields.Number(min=0, max=1)
    agreed = fields.Flag()
    day = fields.Day()
    windows = fields.ListOf(fields.Nested(Window), max=2)
    grades = fields.ListOf(fields.Int(min=0, max=13), max=14, unique=True)
    adcode = fields.Adcode()
    lat = fields.Latitude()
    language = fields.Language()
    email = fields.Email()
    options = fields.Document()


class Words(Input):
    words = fields.Text(max=1000, required=True)
    wait_seconds = fields.Number(load_default=0.0)


class Echo(Fact):
    words = fields.Text(max=1000, required=True)
    caller = fields.Text(max=100, required=True)
    trace_id = fields.Text(max=100, required=True, allow_none=True)
    actor = fields.Document(required=True, allow_none=True)


class NothingLeft(Refusal):
    """A refusal of the callee's own."""

    code = "nothing_left"


# Tests that stop the callee give it a name of its own, so that no other process answers in its stead.
NAME = os.environ.get("TINY_NAME", "tiny")
COMMANDS: dict[str, Command] = {"echo": (Words, Echo), "refuse": (Words, Echo), "break": (Words, Echo)}
publish_commands(NAME, COMMANDS)
