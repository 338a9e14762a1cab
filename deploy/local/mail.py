"""The mail sink's program: keeps each message that arrives by SMTP and lists them as JSON over HTTP."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

from deploy.usage import takes_nothing

_DEFAULT_LIMIT = 200


class Mailbox:
    """Messages as files, numbered in order of arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._next = max((int(path.stem) for path in folder.glob("*.json")), default=0) + 1

    def keep(self, sender: str, recipients: list[str], content: bytes) -> int:
        """Store one message and return its number."""
        message = message_from_bytes(content, policy=policy.default)
        body = message.get_body(("plain", "html"))
        mail = {
            "from": sender,
            "to": recipients,
            "subject": str(message["subject"] or ""),
            "message_id": str(message["message-id"] or ""),
            "headers": {key.lower(): str(value) for key, value in message.items()},
            "body": body.get_content() if body else "",
        }
        with self._lock:
            number, self._next = self._next, self._next + 1
        (self._folder / f"{number:08d}.json").write_text(
            json.dumps({"number": number, **mail}, ensure_ascii=False)
        )
        return number

    def mails(self, recipient: str, after: int, limit: int) -> list[dict[str, Any]]:
        """Messages with a number above `after`, oldest first; an empty recipient means everybody's."""
        found = (mail for mail in self._all(after) if not recipient or recipient in mail["to"])
        return [mail for mail, _ in zip(found, range(limit), strict=False)]

    def _all(self, after: int) -> Iterator[dict[str, Any]]:
        for path in sorted(self._folder.glob("*.json")):
            if int(path.stem) > after:
                yield json.loads(path.read_text())


class _Receiver:
    """aiosmtpd's handler; its method name is the library's."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (its name)
        self._mailbox.keep(envelope.mail_from, list(envelope.rcpt_tos), envelope.content)
        return "250 kept"


class _Lister(BaseHTTPRequestHandler):
    """GET /mails?to=&after=&limit= answers {"items": [...]}."""

    mailbox: Mailbox

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path != "/mails":
            return self.send_error(404)
        query = {key: values[-1] for key, values in parse_qs(address.query).items()}
        mails = self.mailbox.mails(
            query.get("to", ""), int(query.get("after", "0")), int(query.get("limit", str(_DEFAULT_LIMIT)))
        )
        return self._answer({"items": mails})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Requests of tests are no news."""

    def _answer(self, value: object) -> None:
        body = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until SIGTERM."""
    mailbox = Mailbox(Path(os.environ["MAIL_FOLDER"]))
    smtp_host, smtp_port = _split(os.environ["SMTP_ADDRESS"])
    receiver = Controller(_Receiver(mailbox), hostname=smtp_host, port=smtp_port, data_size_limit=2**20)
    receiver.start()
    lister = ThreadingHTTPServer(
        _split(os.environ["HTTP_ADDRESS"]), type("Lister", (_Lister,), {"mailbox": mailbox})
    )
    threading.Thread(target=lister.serve_forever, daemon=True).start()
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    receiver.stop()
    lister.shutdown()


def _split(address: str) -> tuple[str, int]:
    host, port = address.rsplit(":", 1)
    return host, int(port)


if __name__ == "__main__":
    takes_nothing("deploy.local.mail", __doc__)
    # Blocked before any thread starts, so that only sigwait sees them.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    main()
