"""Codes of the chassis: what any service may answer, and what may be wrong with any field."""

from __future__ import annotations

from schemas.errors.message import Message

_ANSWERS = {
    "not_found": Message(404, "There is no such thing here.", "没有找到。"),
    "route_not_found": Message(404, "There is nothing at this address.", "没有这个地址。"),
    "method_not_allowed": Message(
        405, "This address does not take {method}.", "此地址不接受 {method} 方法。"
    ),
    "forbidden": Message(403, "You may not do this.", "您没有权限进行此操作。"),
    "unauthenticated": Message(401, "Please log in.", "请先登录。"),
    "token_expired": Message(401, "Your session has run out.", "登录已过期，请重新登录。"),
    "token_invalid": Message(401, "The access token is not one of ours.", "访问令牌无效。"),
    "organisation_required": Message(
        400,
        "Say which organisation you act for (header KeQiao-Organisation).",
        "请用 KeQiao-Organisation 头注明所代表的单位。",
    ),
    "organisation_not_yours": Message(403, "You do not belong to this organisation.", "您不是该单位的成员。"),
    "invalid": Message(422, "Some fields are not right.", "有些字段填写有误。"),
    "malformed_json": Message(
        400,
        "The body is not JSON (at character {position}).",
        "请求体不是合法的 JSON（第 {position} 个字符处）。",
    ),
    "not_utf8": Message(400, "The body is not UTF-8.", "请求体不是 UTF-8 编码。"),
    "duplicate_key": Message(400, "An object names the same member twice.", "同一对象中有重复的字段名。"),
    "json_too_deep": Message(400, "The body is nested over {max} deep.", "请求体嵌套超过 {max} 层。"),
    "number_out_of_range": Message(400, "The body has a number out of range.", "请求体中有超出范围的数字。"),
    "malformed_header": Message(400, "The header {header} is malformed.", "请求头 {header} 格式有误。"),
    "body_too_large": Message(413, "The body is over {limit} bytes.", "请求体超过 {limit} 字节。"),
    "body_incomplete": Message(400, "The body ended early.", "请求体不完整。"),
    "unsupported_media_type": Message(
        415, "Send the body as application/json in UTF-8.", "请以 UTF-8 的 application/json 发送。"
    ),
    "idempotency_key_required": Message(
        400,
        "Send an Idempotency-Key of 8 to 128 visible characters.",
        "请发送 8 至 128 个可见字符的 Idempotency-Key。",
    ),
    "idempotency_key_reused": Message(
        422, "This Idempotency-Key was used for another body.", "此 Idempotency-Key 已用于内容不同的请求。"
    ),
    "in_flight": Message(
        409, "The same request is still being worked on.", "同一请求正在处理中，请稍后再试。"
    ),
    "precondition_required": Message(
        428, "Send If-Match with the version that you read.", "请用 If-Match 注明所依据的版本。"
    ),
    "stale": Message(
        412, "It has changed since you read it; read it again.", "内容已被更新，请重新读取后再改。"
    ),
    "busy": Message(503, "Too much is asked at once; try again shortly.", "系统繁忙，请稍后再试。"),
    "unavailable": Message(
        503, "A part of the system does not answer; try again later.", "系统某部分暂不可用，请稍后再试。"
    ),
    "no_answer": Message(504, "Another service did not answer in time.", "其他服务未及时应答，请稍后再试。"),
    "unknown_command": Message(502, "Another service does not know this command.", "其他服务不支持此操作。"),
    "internal": Message(500, "Something went wrong on our side.", "系统出错，我们会尽快处理。"),
    "cursor_invalid": Message(400, "The cursor is not one of ours.", "翻页游标无效。"),
    "refused": Message(422, "This was refused.", "请求被拒绝。"),
}

_FIELDS = {
    "required": Message(422, "is required", "必填"),
    "not_null": Message(422, "may not be null", "不能为空值"),
    "unknown_field": Message(422, "is not a known field", "不是已知字段"),
    "invalid_type": Message(422, "has the wrong type", "类型不对"),
    "invalid_value": Message(422, "is not acceptable", "取值不合要求"),
    "invalid_id": Message(422, "is not an id", "不是合法的编号"),
    "invalid_time": Message(422, "is not an RFC 3339 time", "不是合法的时间（RFC 3339）"),
    "naive_time": Message(422, "needs a time zone offset", "时间须带时区"),
    "time_out_of_range": Message(422, "is outside 2000 to 2100", "时间须在 2000 至 2100 年之间"),
    "invalid_day": Message(422, "is not a date (YYYY-MM-DD)", "不是合法的日期（YYYY-MM-DD）"),
    "invalid_characters": Message(422, "has characters that are not text", "含有非文本字符"),
    "invalid_adcode": Message(
        422, "is not a division code of 6 or 12 digits", "不是 6 位或 12 位行政区划代码"
    ),
    "invalid_email": Message(422, "is not an e-mail address", "不是合法的电子邮箱"),
    "too_small": Message(422, "is less than {min}", "不能小于 {min}"),
    "too_large": Message(422, "is more than {max}", "不能大于 {max}"),
    "too_short": Message(422, "is shorter than {min} characters", "不能少于 {min} 个字"),
    "too_long": Message(422, "is longer than {max} characters", "不能超过 {max} 个字"),
    "too_few": Message(422, "has fewer than {min} items", "不能少于 {min} 项"),
    "too_many": Message(422, "has more than {max} items", "不能超过 {max} 项"),
    "duplicate": Message(422, "has the same item twice", "有重复项"),
    "invalid_choice": Message(422, "is not one of: {choices}", "须为以下之一：{choices}"),
}

MESSAGES: dict[str, Message] = _ANSWERS | _FIELDS
