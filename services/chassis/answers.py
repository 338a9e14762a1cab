"""What a handler may answer, and how it becomes a response."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from marshmallow import Schema
from werkzeug.wrappers import Response

from schemas.contract import shared
from schemas.fields import dump_instant

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """A body with its status (None: the endpoint's), an ETag by version, and further headers.

    Without `etag`, a body that has a `version` gets it as its ETag.
    """

    body: Mapping[str, Any] | None
    status: int | None = None
    etag: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FileAnswer:
    """A file, sent piece by piece.

    `chunks` is read after the handler and its transaction have ended: a generator that needs the database
    opens its own `db.read()`.
    """

    filename: str
    media_type: str
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class Written:
    """A JSON body of the endpoint's schema that its handler wrote itself: a page of ready-made documents."""

    body: bytes


def stream(filename: str, media_type: str, chunks: Iterable[bytes]) -> FileAnswer:
    """A file answer; see there when `chunks` is read."""
    return FileAnswer(filename, media_type, chunks)


def render(result: Any, schema: type[Schema] | None, status: int) -> Response:
    """The response for a handler's result: a dict, an Answer, a Written, a FileAnswer or None (204)."""
    if isinstance(result, FileAnswer):
        return _file(result)
    if isinstance(result, Written):
        return Response(result.body, status=status, content_type=JSON)
    answer = result if isinstance(result, Answer) else Answer(result)
    if answer.body is None:
        return Response(status=answer.status or 204, headers=dict(answer.headers))
    body = shared(schema).dump(answer.body) if schema else dict(answer.body)
    response = Response(
        _dumped(body), status=answer.status or status, content_type=JSON, headers=dict(answer.headers)
    )
    _tag(response, answer.etag if answer.etag is not None else body.get("version"))
    return response


def _tag(response: Response, version: object) -> None:
    if type(version) is int:
        response.headers["ETag"] = f'"{version}"'


def _file(answer: FileAnswer) -> Response:
    name = quote(answer.filename)
    return Response(
        answer.chunks,
        content_type=answer.media_type,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"},
    )


def _dumped(body: Mapping[str, Any]) -> bytes:
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_primitive)
    return text.encode()


def _primitive(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return dump_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an answer")
