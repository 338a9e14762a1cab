"""Refusals as RFC 9457 problem details, in the caller's language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from werkzeug.datastructures import LanguageAccept
from werkzeug.wrappers import Response

from schemas.errors import MESSAGES, Message
from schemas.refusal import FieldError, Invalid, Refusal

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER = {"busy": "1", "in_flight": "1", "unavailable": "5", "no_answer": "5"}
_TITLES_ZH = {
    400: "请求格式有误",
    401: "未登录",
    403: "没有权限",
    404: "没有找到",
    405: "方法不允许",
    409: "与现状冲突",
    412: "内容已变",
    413: "请求体过大",
    415: "格式不支持",
    422: "未被接受",
    428: "须注明版本",
    500: "系统出错",
    502: "系统出错",
    503: "暂不可用",
    504: "未及时应答",
}


class Internal(Refusal):
    """Something went wrong here; the trace id finds it in the logs, the caller learns no more."""

    code = "internal"


def problem(
    refusal: Refusal, *, language: str, trace_id: str | None, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that says `refusal` to the caller."""
    code, message = meaning(refusal)
    body = {
        "type": f"/problems/{code}",
        "title": _title(message.status, language),
        "status": message.status,
        "code": code,
        "detail": message.text(language, refusal.params),
        **_where(refusal, code, message, language),
        **refusal.beside,
        "trace_id": trace_id,
    }
    return Response(
        json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        status=message.status,
        content_type=MEDIA_TYPE,
        headers={**_headers(code, message.status), **_wait(refusal), **(headers or {})},
    )


def meaning(refusal: Refusal) -> tuple[str, Message]:
    """The refusal's code and texts: its own, or those of the nearest of its base classes that has any."""
    for code in _codes(refusal):
        if code in MESSAGES:
            return code, MESSAGES[code]
    return Refusal.code, MESSAGES[Refusal.code]


def language_of(accepted: LanguageAccept) -> str:
    """`en` for a caller who prefers it, else `zh`."""
    wanted = (tag.split("-")[0].lower() for tag, _ in accepted)
    return next((language for language in wanted if language in ("zh", "en")), "zh")


def _codes(refusal: Refusal) -> Iterator[str]:
    yield refusal.code
    yield from (kind.code for kind in type(refusal).__mro__ if issubclass(kind, Refusal))


def _where(refusal: Refusal, code: str, message: Message, language: str) -> dict[str, object]:
    errors = refusal.errors if isinstance(refusal, Invalid) else _own_error(refusal, code)
    if not errors:
        return {}
    return {"field": errors[0].field, "errors": [_said(error, message, language) for error in errors]}


def _own_error(refusal: Refusal, code: str) -> tuple[FieldError, ...]:
    return (FieldError(refusal.field, code, refusal.params),) if refusal.field else ()


def _said(error: FieldError, fallback: Message, language: str) -> dict[str, object]:
    text = MESSAGES.get(error.code, fallback).text(language, error.params)
    return {"field": error.field, "code": error.code, "message": text}


def _title(status: int, language: str) -> str:
    return (
        HTTPStatus(status).phrase if language == "en" else _TITLES_ZH.get(status, HTTPStatus(status).phrase)
    )


def _wait(refusal: Refusal) -> dict[str, str]:
    """A refusal that knows how long to wait says so in its param `retry_after`, in seconds."""
    seconds = refusal.params.get("retry_after")
    return {"Retry-After": str(seconds)} if seconds else {}


def _headers(code: str, status: int) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if code in _RETRY_AFTER:
        headers["Retry-After"] = _RETRY_AFTER[code]
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return headers
