"""HTTP endpoints: one decorator that turns a call into a use case's input and its result into an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

import structlog
from marshmallow import Schema
from nameko.extensions import register_entrypoint
from werkzeug.wrappers import Request, Response

from schemas.refusal import Refusal, Stale
from services.chassis import idempotency, reading
from services.chassis.answers import Answer, FileAnswer, PackedFile, Written, render, stream
from services.chassis.auth import ORGANISATION_HEADER, Actor, Caller
from services.chassis.decoder import is_text
from services.chassis.edge import TRACE, HttpEntrypoint, RouteNotFound
from services.chassis.openapi import OpenApi
from services.chassis.paging import Paging, current_list, page
from services.chassis.problems import Internal, language_of, problem
from services.chassis.promises import ANY, SIGNED_IN, Endpoint
from services.chassis.trace import tracing

__all__ = [
    "ANY",
    "SIGNED_IN",
    "Answer",
    "Call",
    "FileAnswer",
    "OpenApi",
    "PackedFile",
    "Paging",
    "Written",
    "endpoint",
    "page",
    "stream",
]

_READS = ("GET", "HEAD")
_SPACE = re.compile(r"[\x00-\x1f\x7f]")
_log = structlog.get_logger(__name__)

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Call:
    """One call as a handler sees it: `body` and `query` as the schemas read them, `params` from the path.

    `if_match` is set wherever the caller sent one; `address` is the client's, as the edge tells it.
    """

    body: dict[str, Any]
    query: dict[str, Any]
    params: Mapping[str, Any]
    now: datetime
    trace_id: str
    language: str
    caller: Caller | None
    if_match: int | None
    address: str

    @property
    def actor(self) -> Actor:
        """The caller as events name them; `anonymous` on a public endpoint."""
        return self.caller.actor() if self.caller else Actor.system("anonymous")

    @property
    def cursor(self) -> list[Any] | None:
        """The sort keys after which the page begins."""
        return self.query.get("cursor")


def endpoint(
    method: str,
    path: str,
    *,
    body: type[Schema] | None = None,
    query: type[Schema] | None = None,
    answer: type[Schema] | None = None,
    roles: frozenset[str] | None = ANY,
    status: int = 200,
    creates: bool = False,
    changes: bool = False,
    transaction: bool = True,
    summary: str = "",
) -> Callable[[Handler], Callable[..., Response]]:
    """Serve a method of a `…Http` class at `path` under the common prefix.

    The method gets a Call, and a Connection inside a transaction (read only for GET) unless `transaction` is
    false; it returns a dict, an Answer, a Written, a file or None. `roles` None is public. `creates`
    asks for an Idempotency-Key, `changes` for If-Match. Whatever the method raises becomes a problem in the
    caller's language. The class has `db`, `clock` and `tokens`.
    """
    if creates and (roles is None or not transaction):
        raise ValueError("an endpoint that creates keeps its answer, in its transaction, for a known caller")
    promise = Endpoint(
        method, path, body, query, answer, roles, status, creates, changes, transaction, summary
    )

    def decorate(handler: Handler) -> Callable[..., Response]:
        @wraps(handler)
        def answered(service: Any, request: Request, **params: Any) -> Response:
            return _Work(promise, handler, service, request, params).response()

        answered.endpoint = promise  # type: ignore[attr-defined]
        register_entrypoint(answered, HttpEntrypoint(method, path))
        return answered

    return decorate


class _Work:
    """One call on its way through: read, recognised, loaded, worked on, answered."""

    def __init__(
        self, promise: Endpoint, handler: Handler, service: Any, request: Request, params: Mapping[str, Any]
    ) -> None:
        self.promise, self.handler, self.service = promise, handler, service
        self.request, self.params = request, params
        self.language = language_of(request.accept_languages)
        self.trace_id: str = request.environ[TRACE]

    def response(self) -> Response:
        """The answer, or the problem."""
        with tracing(self.trace_id):
            token = current_list.set(f"{self.promise.method} {self.promise.path}")
            try:
                return self._answered()
            except Refusal as refusal:
                return self._problem(refusal)
            except Exception:  # noqa: BLE001 - the outermost loop: whatever broke, the caller gets a problem
                _log.exception("endpoint_failed", method=self.promise.method, path=self.promise.path)
                return self._problem(Internal())
            finally:
                current_list.reset(token)

    def _problem(self, refusal: Refusal) -> Response:
        return problem(refusal, language=self.language, trace_id=self.trace_id)

    def _answered(self) -> Response:
        _check_path(self.params)
        raw = reading.read_json(self.request)
        call = self._call(raw)
        attempt = self._attempt(call, raw) if self.promise.creates else None
        with self._transaction() as conn:
            return self._once(call, attempt, conn) if attempt else self._worked(call, conn)

    def _call(self, raw: Any) -> Call:
        now = self.service.clock.now()
        caller = self._caller(now)
        header = self.request.headers.get("If-Match")
        if_match = reading.read_if_match(header) if header or self.promise.changes else None
        return Call(
            body=reading.load_body(raw, self.promise.body),
            query=reading.read_query(self.request.args, self.promise.query),
            params=self.params,
            now=now,
            trace_id=self.trace_id,
            language=self.language,
            caller=caller,
            if_match=if_match,
            address=self.request.headers.get("X-Forwarded-For") or self.request.remote_addr or "unknown",
        )

    def _caller(self, now: datetime) -> Caller | None:
        authorization = self.request.headers.get("Authorization")
        if self.promise.roles is None and authorization is None:
            return None
        wanted = self.promise.roles or ANY
        organisation = self.request.headers.get(ORGANISATION_HEADER)
        caller: Caller = self.service.tokens.caller(authorization, organisation, now, wanted)
        if self.promise.roles:
            caller.require(*self.promise.roles)
        return caller

    def _transaction(self) -> AbstractContextManager[Any]:
        if not self.promise.transaction:
            return nullcontext()
        if self.promise.method in _READS:
            reader: AbstractContextManager[Any] = self.service.db.read()
            return reader
        writer: AbstractContextManager[Any] = self.service.db.transaction()
        return writer

    def _attempt(self, call: Call, raw: Any) -> idempotency.Attempt:
        return idempotency.attempt(
            caller=_scope(call.caller),
            route=f"{self.request.method} {self.request.path}",
            key=self.request.headers.get("Idempotency-Key"),
            body=raw,
            now=call.now,
        )

    def _once(self, call: Call, attempt: idempotency.Attempt, conn: Any) -> Response:
        replay = idempotency.begin(conn, attempt)
        if replay is not None:
            return replay
        response = self._worked(call, conn)
        idempotency.finish(conn, attempt, response)
        return response

    def _worked(self, call: Call, conn: Any) -> Response:
        given = (call, conn) if self.promise.transaction else (call,)
        response = render(
            self.handler(self.service, *given),
            self.promise.answer,
            self.promise.status,
            takes_gzip=self.request.accept_encodings["gzip"] > 0,
        )
        return self._read(call, response) if self.promise.method in _READS else response

    def _read(self, call: Call, response: Response) -> Response:
        """The answer to who reads: refused where another version was asked for, empty where it is known."""
        tag, _ = response.get_etag()
        if None not in (tag, call.if_match) and tag != str(call.if_match):
            raise Stale()
        # Without If-Match, for which werkzeug has a bare 412 and no problem.
        conditions = {name: value for name, value in self.request.environ.items() if name != "HTTP_IF_MATCH"}
        return response.make_conditional(conditions)


def _check_path(params: Mapping[str, Any]) -> None:
    texts = [value for value in params.values() if isinstance(value, str)]
    if any(_SPACE.search(text) or not is_text(text) for text in texts):
        raise RouteNotFound()


def _scope(caller: Caller | None) -> str:
    return f"{caller.user_id}/{caller.organisation_id or ''}" if caller else "anonymous"
