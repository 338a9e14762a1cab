"""Users and memberships over HTTP: who may act for whom."""

from __future__ import annotations

from marshmallow import validate

from schemas.codes import ROLES
from schemas.contract import Fact, Input
from schemas.fields import Code, Email, Flag, Id, Int, Language, ListOf, Nested, Secret, Text

_LOGIN = validate.Regexp(r"[a-z0-9][a-z0-9._-]*\Z", error="invalid_login")
PASSWORD_MIN, PASSWORD_MAX = 10, 200


class MembershipInput(Input):
    """A role in one organisation."""

    organisation_id = Id(required=True)
    role = Code(ROLES, required=True)


class UserInput(Input):
    """A new user, with at least one membership; logins are lower case and never change."""

    login = Text(required=True, min=2, max=40, validate=_LOGIN)
    name = Text(required=True, max=80)
    password = Secret(required=True, min=PASSWORD_MIN, max=PASSWORD_MAX)
    email = Email(load_default=None, allow_none=True)
    language = Language(load_default="zh")
    expert_id = Id(load_default=None, allow_none=True)
    memberships = ListOf(Nested(MembershipInput), required=True, min=1, max=20)


class UsersInput(Input):
    """A batch that is taken as a whole or not at all."""

    items = ListOf(Nested(UserInput), required=True, min=1, max=200)


class UserPatch(Input):
    """What may change about a user; people change their own password with `current_password`."""

    name = Text(max=80)
    email = Email(allow_none=True)
    language = Language()
    expert_id = Id(allow_none=True)
    active = Flag()
    password = Secret(min=PASSWORD_MIN, max=PASSWORD_MAX)
    current_password = Secret(max=PASSWORD_MAX)


class MembershipAdd(Input):
    """A role in one organisation, for one user."""

    user_id = Id(required=True)
    organisation_id = Id(required=True)
    role = Code(ROLES, required=True)


class MembershipView(Fact):
    """A role in one organisation; a reader sees only those that lie in their own area."""

    organisation_id = Id(required=True)
    organisation_name = Text(required=True, max=120)
    organisation_kind = Text(required=True, max=40)
    adcode = Text(required=True, max=12)
    role = Text(required=True, max=20)


class UserView(Fact):
    """One user, without the password."""

    id = Id(required=True)
    login = Text(required=True, max=40)
    name = Text(required=True, max=80)
    email = Email(required=True, allow_none=True)
    language = Language(required=True)
    expert_id = Id(required=True, allow_none=True)
    active = Flag(required=True)
    memberships = ListOf(Nested(MembershipView), required=True, max=100)
    version = Int(required=True)


class UsersRegistered(Fact):
    """The batch's users, in the order of its items."""

    items = ListOf(Nested(UserView), required=True, max=200)


class UserQuery(Input):
    """Filters of the list: organisation, role, exact login."""

    organisation_id = Id()
    role = Code(ROLES)
    login = Text(max=40)
