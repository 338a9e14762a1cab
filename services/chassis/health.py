"""Health and numbers of a process without eventlet (relay, solver), over HTTP on an address of its own."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Checks = Mapping[str, Callable[[], bool]]


class HealthServer:
    """Serves /metrics, /health/live and /health/ready in threads of its own; a context manager.

    Ready is 200 while every check returns True and 503 otherwise, with each check's answer in the body.
    """

    def __init__(self, address: str, checks: Checks) -> None:
        host, _, port = address.rpartition(":")
        self._server = ThreadingHTTPServer((host, int(port)), _handler(checks))
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """Return the port that is listened on (for an address whose port was 0)."""
        return self._server.server_port

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, name="health", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(checks: Checks) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers each request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, media_type, body = _answer(self.path, checks)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own word
            """Say nothing: probes come every few seconds."""

    return Handler


def _answer(path: str, checks: Checks) -> tuple[HTTPStatus, str, bytes]:
    """Return status, media type and body for one path."""
    if path == "/metrics":
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest()
    if path == "/health/live":
        return _report(HTTPStatus.OK, {})
    if path == "/health/ready":
        found = {name: check() for name, check in checks.items()}
        return _report(HTTPStatus.OK if all(found.values()) else HTTPStatus.SERVICE_UNAVAILABLE, found)
    return _report(HTTPStatus.NOT_FOUND, {})


def _report(status: HTTPStatus, found: Mapping[str, bool]) -> tuple[HTTPStatus, str, bytes]:
    """Return an answer that names the checks."""
    checks = {name: "ok" if fine else "failing" for name, fine in found.items()}
    body = {"status": "ok" if status is HTTPStatus.OK else status.phrase.lower(), "checks": checks}
    return status, "application/json", json.dumps(body).encode()
