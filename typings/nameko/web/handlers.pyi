"""The HTTP entrypoint."""

from collections.abc import Callable
from typing import Any

from nameko.containers import WorkerContext
from nameko.extensions import Entrypoint
from nameko.web.server import WebServer
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

class HttpRequestHandler(Entrypoint):
    server: WebServer
    method: str
    url: str
    def __init__(self, method: str, url: str, **kwargs: Any) -> None: ...
    def get_url_rule(self) -> Rule: ...
    def get_entrypoint_parameters(self, request: Request) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def handle_request(self, request: Request) -> Response: ...
    def handle_result(
        self, event: Any, worker_ctx: WorkerContext, result: Any, exc_info: Any
    ) -> tuple[Any, Any]: ...
    def response_from_result(self, result: Any) -> Response: ...
    def response_from_exception(self, exc: Exception) -> Response: ...

http: Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]]
