"""The mail sink: an SMTP server that keeps every message as a file for tests and the demo."""

from __future__ import annotations

from pathlib import Path

from deploy.local import account
from deploy.local.environment import environment
from deploy.local.probing import body_of
from deploy.local.servers.ours import python_account
from deploy.local.servers.program import BASE_VARIABLES, Program
from deploy.local.settings import Settings


def prepare(settings: Settings) -> None:
    """Lay the folder of kept messages."""
    account.folder(settings.state / "mail", python_account(settings))


def program(settings: Settings) -> Program:
    """The sink in the foreground."""
    variables = {"PYTHONPATH": str(settings.checkout), **BASE_VARIABLES, **environment(settings, "mail")}
    command = (str(settings.venv / "bin/python"), "-m", "deploy.local.mail")
    return Program(command, variables, settings.checkout, python_account(settings))


def watched(settings: Settings) -> list[Path]:
    """Files whose change calls for a restart."""
    return [settings.checkout / "deploy/local/mail.py"]


def is_healthy(settings: Settings) -> bool:
    """Whether the list of mails can be read."""
    return body_of(f"http://{settings.address('mail', 'http')}/mails?limit=1") is not None
