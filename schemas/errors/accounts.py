"""Codes of accounts: log-in, roles, and what may be wrong with districts, organisations and users."""

from __future__ import annotations

from schemas.errors.message import Message

MESSAGES: dict[str, Message] = {
    "wrong_credentials": Message(401, "Login and password do not fit.", "用户名或密码不正确。"),
    "account_inactive": Message(403, "This account was closed.", "该账号已停用。"),
    "too_many_attempts": Message(
        429,
        "Too many failed attempts; try again in {retry_after} seconds.",
        "失败次数过多，请在 {retry_after} 秒后再试。",
    ),
    "refresh_refused": Message(401, "Please log in again.", "请重新登录。"),
    "nothing_to_change": Message(422, "The change names no field.", "没有需要修改的内容。"),
    "not_yourself": Message(
        422,
        "You cannot close your own account or drop your own role.",
        "不能停用自己的账号或取消自己的角色。",
    ),
    "current_password_wrong": Message(422, "The current password is not right.", "当前密码不正确。"),
    "membership_exists": Message(409, "The user has this role there already.", "该用户已有此角色。"),
    "too_many_memberships": Message(422, "has {max} roles already", "该用户已有 {max} 个角色"),
    "login_taken": Message(422, "is taken", "用户名已被使用"),
    "invalid_login": Message(
        422,
        "may have a-z, 0-9, dot, dash and underscore, and begins with a letter or digit",
        "只能用小写字母、数字、点、横线和下划线，并以字母或数字开头",
    ),
    "password_weak": Message(422, "is too easy to guess", "过于简单，容易被猜到"),
    "expert_taken": Message(422, "belongs to another user already", "该专家已有账号"),
    "organisation_unknown": Message(422, "is not an organisation you may use", "没有这个单位"),
    "organisation_name_taken": Message(
        422, "is the name of such an organisation in this district already", "该旗县区已有同类同名单位"
    ),
    "role_not_for_kind": Message(422, "does not fit this kind of organisation", "该类单位没有这种角色"),
    "role_not_grantable": Message(422, "is not yours to give", "您无权授予此角色"),
    "district_unknown": Message(422, "is not a known district", "没有这个行政区划"),
    "district_not_yours": Message(422, "is outside your area", "不在您的辖区内"),
    "district_level_wrong": Message(422, "does not fit its parent's level", "与上级区划的级别不符"),
    "district_elsewhere": Message(422, "does not lie under its parent", "不在上级区划之内"),
    "district_moved": Message(422, "may not change its level or parent", "区划的级别和上级不可更改"),
    "adcode_not_district": Message(422, "must be a city's or district's 6 digits", "须为 6 位市或旗县区代码"),
}
