"""What a handler may answer, and how it becomes a response."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
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
_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """A body with its status (None: the endpoint's), an ETag by version, and further headers.

    Without `etag`, a body that has a `version` gets it as its ETag, unless there is more in it than changes
    with that: then it is not `tagged`.
    """

    body: Mapping[str, Any] | None
    status: int | None = None
    etag: int | None = None
    tagged: bool = True
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
class PackedFile:
    """A file that is kept gzipped: sent as it is to who takes that, else unpacked on its way.

    `size` is that of the file itself, and `tag` says which version of it this is.
    """

    filename: str
    media_type: str
    packed: bytes
    size: int
    tag: str


@dataclass(frozen=True)
class Written:
    """A JSON body of the endpoint's schema that its handler wrote itself: a page of ready-made documents."""

    body: bytes


def stream(filename: str, media_type: str, chunks: Iterable[bytes]) -> FileAnswer:
    """A file answer; see there when `chunks` is read."""
    return FileAnswer(filename, media_type, chunks)


def render(result: Any, schema: type[Schema] | None, status: int, *, takes_gzip: bool = False) -> Response:
    """The response for a handler's result: a dict, an Answer, a Written, a file of either kind or None (204).

    `takes_gzip` is whether the caller does.
    """
    if isinstance(result, FileAnswer):
        return _file(result)
    if isinstance(result, PackedFile):
        return _packed_file(result, takes_gzip)
    if isinstance(result, Written):
        return Response(result.body, status=status, content_type=JSON)
    answer = result if isinstance(result, Answer) else Answer(result)
    if answer.body is None:
        return Response(status=answer.status or 204, headers=dict(answer.headers))
    body = shared(schema).dump(answer.body) if schema else dict(answer.body)
    response = Response(
        _dumped(body), status=answer.status or status, content_type=JSON, headers=dict(answer.headers)
    )
    if answer.tagged:
        _tag(response, answer.etag if answer.etag is not None else body.get("version"))
    return response


def _tag(response: Response, version: object) -> None:
    if type(version) is int:
        response.headers["ETag"] = f'"{version}"'


def _file(answer: FileAnswer) -> Response:
    return Response(
        answer.chunks,
        content_type=answer.media_type,
        headers={"Content-Disposition": _attached(answer.filename), "Cache-Control": "no-store"},
    )


def _attached(filename: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(filename)}"


def _packed_file(answer: PackedFile, takes_gzip: bool) -> Response:
    """Either form has its length said, so that nobody gathers the whole to find it out, and its own ETag."""
    common = {"Content-Disposition": _attached(answer.filename), "Vary": "Accept-Encoding"}
    # Asked for again each time, and answered 304: a later version may stand here.
    common["Cache-Control"] = "no-cache"
    if takes_gzip:
        packed = {"Content-Encoding": "gzip", "ETag": f'"{answer.tag}-gzip"'}
        return Response(answer.packed, content_type=answer.media_type, headers=common | packed)
    plain = {"Content-Length": str(answer.size), "ETag": f'"{answer.tag}"'}
    return Response(_unpacked(answer.packed), content_type=answer.media_type, headers=common | plain)


def _unpacked(packed: bytes) -> Iterator[bytes]:
    """A gzipped file's own bytes, piece by piece."""
    unpacking = zlib.decompressobj(wbits=_GZIP)
    for begin in range(0, len(packed), _PIECE):
        yield unpacking.decompress(packed[begin : begin + _PIECE])
    yield unpacking.flush()


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
