"""Waits until what was asked before is all dealt with, so that the next measurement is its own."""

from __future__ import annotations

from deploy.check.quiet import settler
from deploy.check.reader import live_reader
from deploy.demo.crowd import say
from deploy.local.stack import Stack

_LONGEST_SECONDS = 300.0


def wait_until_quiet(stack: Stack) -> None:
    """Returns when no event and no match is on its way, or after five minutes, and says which."""
    with live_reader(stack.environment("checker")) as reader:
        if not settler(reader, _LONGEST_SECONDS, lambda _: None)():
            say("something is still on its way after five minutes")
