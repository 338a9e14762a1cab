"""Handing e-mails to an SMTP server in two steps, so that one knows whether a failed one may have arrived."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from uuid import UUID

_SECONDS = 15
_FOOTER = {
    "zh": (
        "查看并处理：{link}\n不想再收到此类邮件，请在“通知设置”中关闭：{settings}\n"
        "本邮件由科桥自动发出，请勿回复。"
    ),
    "en": "Open it: {link}\nNo such mail any more: {settings}\nSent by KeQiao; please do not reply.",
}


class MailUnreachable(Exception):
    """The server did not take the message, and may later."""


class MailRefused(Exception):
    """The server will not take the message."""


class MailUncertain(Exception):
    """The connection broke when the message was on its way: it may have arrived."""


@dataclass(frozen=True)
class Letter:
    """One e-mail; `path` is what the reader should open, below the public address."""

    id: UUID
    name: str
    address: str
    language: str
    subject: str
    body: str
    path: str


class Postbox:
    """The SMTP server at `address` (host:port), and who mails come from."""

    def __init__(self, address: str, sender: str, public_url: str) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host, int(port)
        self._sender, self._public_url = sender, public_url.rstrip("/")

    @contextmanager
    def open(self) -> Iterator[Handover]:
        """A connection for one message. Raises MailUnreachable."""
        try:
            server = smtplib.SMTP(self._host, self._port, timeout=_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            raise MailUnreachable(str(error)) from error
        try:
            yield Handover(server, self)
        finally:
            server.close()

    @property
    def sender_address(self) -> str:
        """The bare address that mails come from."""
        return parseaddr(self._sender)[1]

    def written(self, letter: Letter) -> bytes:
        """The message as it goes over the wire."""
        message = EmailMessage(policy=SMTP)
        message["Subject"] = " ".join(letter.subject.split())
        message["From"] = self._sender
        user, _, domain = letter.address.rpartition("@")
        message["To"] = Address(" ".join(letter.name.split()), user, domain)
        # The delivery's own id: a mailbox that is told twice can tell.
        message["Message-ID"] = f"<{letter.id}@{self.sender_address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        footer = _FOOTER[letter.language].format(
            link=self._public_url + letter.path, settings=f"{self._public_url}/notices/preferences"
        )
        message.set_content(f"{letter.body}\n\n{footer}\n")
        return message.as_bytes()


class Handover:
    """One message on its way to the server."""

    def __init__(self, server: smtplib.SMTP, postbox: Postbox) -> None:
        self._server, self._postbox, self._content = server, postbox, b""

    def introduce(self, letter: Letter) -> None:
        """Say from whom and to whom, up to the server's word that it will take the content.

        Raises MailUnreachable or MailRefused; nothing has gone out then.
        """
        self._content = self._postbox.written(letter)
        try:
            self._server.ehlo_or_helo_if_needed()
            _expect(self._server.mail(self._postbox.sender_address))
            _expect(self._server.rcpt(letter.address))
            _expect(self._server.docmd("DATA"))
        except (OSError, smtplib.SMTPException) as error:
            raise MailUnreachable(str(error)) from error

    def hand_over(self) -> None:
        """Send the content. Raises MailUnreachable or MailRefused at the server's no, else MailUncertain."""
        try:
            self._server.send(_stuffed(self._content))
            answer = self._server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise MailUncertain(str(error)) from error
        _expect(answer)


def _expect(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if code >= 500:
        raise MailRefused(f"{code} {text.decode('utf-8', 'replace')}")
    if code >= 400 or code < 200:
        raise MailUnreachable(f"{code} {text.decode('utf-8', 'replace')}")


def _stuffed(content: bytes) -> bytes:
    """The content as DATA wants it: CRLF, a dot doubled at a line's start, a lone dot at the end."""
    lines = content.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b"\r\n.\r\n"
