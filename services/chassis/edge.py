"""The HTTP server of a nameko class: routes to entrypoints, and problems for addresses it does not know."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from eventlet import wsgi
from nameko.exceptions import ContainerBeingKilled
from nameko.web.handlers import HttpRequestHandler
from nameko.web.server import HttpOnlyProtocol, WebServer, parse_address
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.wrappers import Request, Response

from schemas.refusal import Refusal, Unavailable
from services.chassis import metrics
from services.chassis.problems import Internal, language_of, problem
from services.chassis.promises import PREFIX
from services.chassis.trace import from_traceparent, new_trace

TRACE = "keqiao.trace"  # where the environ carries the trace id
_IDLE_SECONDS = 75
# Longer than the edge lets any line be (16 KiB), so that what is too long is refused there, and in words.
_LONGEST_LINE = 20 * 1024
wsgi.MAX_HEADER_LINE = _LONGEST_LINE
_CONNECTION = "keqiao.connection"
_UNMATCHED = "unmatched"
_log = logging.getLogger(__name__)


class RouteNotFound(Refusal):
    """No route has this path."""

    code = "route_not_found"


class WrongMethod(Refusal):
    """The path is known, but not with this method."""

    code = "method_not_allowed"


class EdgeProtocol(HttpOnlyProtocol):
    """nameko's protocol, which the application may tell to hang up after an answer."""

    def setup(self) -> None:
        """Send at once: on a kept connection the end of a large answer waited 40 ms for the other's ACK."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[attr-defined]
        super().setup()  # type: ignore[misc]

    def get_environ(self) -> dict[str, Any]:
        """The call's environ, with this connection in it."""
        return super().get_environ() | {_CONNECTION: self}


class EdgeServer(WebServer):
    """nameko's web server with our own application in it; shared by all endpoints of a nameko class."""

    @property
    def bind_addr(self) -> Any:
        """HTTP_ADDRESS, unless the nameko configuration says otherwise."""
        configured = self.container.config.get("WEB_SERVER_ADDRESS")
        return parse_address(configured or os.environ["HTTP_ADDRESS"])

    def make_url_map(self) -> Map:
        """Exact paths only: a redirect would lose a POST's body."""
        rules = Map(strict_slashes=False, merge_slashes=False)
        for provider in self._providers:
            rule = provider.get_url_rule()
            rule.endpoint = provider
            rules.add(rule)
        return rules

    def get_wsgi_app(self) -> EdgeApplication:
        """The application, once all providers have registered."""
        return EdgeApplication(self.make_url_map(), self.container.service_name.removesuffix("_http"))

    def get_wsgi_server(
        self, sock: Any, wsgi_app: Any, protocol: Any = EdgeProtocol, debug: bool = False
    ) -> Any:
        """eventlet's server; idle connections end after a while, its access log is ours to write."""
        return wsgi.Server(
            sock,
            sock.getsockname(),
            wsgi_app,
            protocol=protocol,
            debug=debug,
            log=_log,
            log_output=False,
            socket_timeout=_IDLE_SECONDS,
            url_length_limit=_LONGEST_LINE,
        )


class EdgeApplication:
    """Finds the route of a call, counts and times it; every answer has a trace id."""

    def __init__(self, rules: Map, service: str) -> None:
        self._rules, self._service = rules, service

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI."""
        request = Request(environ)
        began = time.perf_counter()
        environ[TRACE] = from_traceparent(request.headers.get("traceparent")) or new_trace()
        route, response = self._routed(request)
        response.headers["X-Trace-Id"] = environ[TRACE]
        self._count(request.method, route, response.status_code, time.perf_counter() - began)
        if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            # Or the rest of the body would be read, to be thrown away, before the next call.
            environ[_CONNECTION].close_connection = True
        return response(environ, start_response)

    def _routed(self, request: Request) -> tuple[str, Response]:
        adapter: MapAdapter = self._rules.bind_to_environ(request.environ)
        try:
            rule, request.path_values = adapter.match(return_rule=True)  # type: ignore[attr-defined]
        except MethodNotAllowed as error:
            allowed = ", ".join(sorted(error.valid_methods or ()))
            return _UNMATCHED, _refused(request, WrongMethod(method=request.method), {"Allow": allowed})
        except HTTPException:
            return _UNMATCHED, _refused(request, RouteNotFound())
        return rule.rule, rule.endpoint.handle_request(request)

    def _count(self, method: str, route: str, status: int, seconds: float) -> None:
        if route == _UNMATCHED:
            method = "-"  # a caller may invent any number of methods
        metrics.HTTP_REQUESTS.labels(self._service, method, route, status).inc()
        metrics.HTTP_SECONDS.labels(self._service, method, route).observe(seconds)


class HttpEntrypoint(HttpRequestHandler):
    """nameko's HTTP entrypoint on our server; the decorated method answers whatever happens."""

    server = EdgeServer()

    def get_url_rule(self) -> Rule:
        """The path under the common prefix."""
        return Rule(PREFIX + self.url, methods=[self.method])

    def response_from_exception(self, exc: Exception) -> Response:
        """What fails outside of the method: no worker to be had, a dependency that broke."""
        if isinstance(exc, ContainerBeingKilled):
            return problem(Unavailable(), language="zh", trace_id=None)
        _log.error("a worker failed outside of its endpoint", exc_info=exc)
        return problem(Internal(), language="zh", trace_id=None)


def _refused(request: Request, refusal: Refusal, headers: dict[str, str] | None = None) -> Response:
    language = language_of(request.accept_languages)
    return problem(refusal, language=language, trace_id=request.environ[TRACE], headers=headers)
