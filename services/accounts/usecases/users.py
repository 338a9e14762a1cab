"""Registering, changing and reading users, and giving and taking their roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.events.accounts import UserState
from schemas.refusal import FieldError, Forbidden, Invalid, NotFound, Stale
from services.accounts import domain, passwords
from services.accounts.domain import Mandate, Post
from services.accounts.storage import organisations, sessions
from services.accounts.storage import users as storage
from services.chassis import outbox
from services.chassis.ids import new_id
from services.chassis.outbox import Acting
from services.chassis.store import Connection

Row = dict[str, Any]
Item = Mapping[str, Any]
# What people may change about themselves; the rest is changed by whoever looks after them.
_OWN_FIELDS = frozenset({"name", "email", "language", "password", "current_password"})


def register_users(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    items: Sequence[Item],
    paths: Sequence[str],
) -> list[Row]:
    """Register users with their memberships, all or none.

    `paths` name each item in refusals ("" for a single one, "items[3]."). Raises Invalid with every misfit.
    Passwords are hashed between the inserts, so that the transaction is never idle for long.
    """
    known = organisations.find_some(conn, _places(items))
    errors = _weak(items, paths) + _misfits(items, paths, mandate, known) + _twins(conn, items, paths)
    if errors:
        raise Invalid(*errors)
    return [_register_one(conn, now, actor, item, path) for item, path in zip(items, paths, strict=True)]


def change_user(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    user_id: UUID,
    if_version: int,
    change: Item,
) -> Row:
    """Change a user; closing it, or another password, ends its log-ins.

    NotFound outside the mandate's sight, Forbidden for what only somebody above may do, Stale for another
    version, CurrentPasswordWrong.
    """
    old = _locked(conn, mandate, user_id)
    if old["version"] != if_version:
        raise Stale()
    _refuse_change(conn, mandate, old, change)
    hashed = _new_hash(conn, mandate, old, change)
    row = {**old, **change, "password_hash": hashed, "version": old["version"] + 1}
    storage.change(conn, row, from_version=old["version"], now=now)
    if not row["active"] or hashed:
        sessions.revoke_user(conn, user_id, now)
    append_user(conn, now=now, actor=actor, row=row, type_="user_changed")
    return in_sight(mandate, row)


def add_membership(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    user_id: UUID,
    organisation_id: UUID,
    role: str,
) -> Row:
    """Give a role; raises NotFound for a user out of sight, Invalid, MembershipExists."""
    old = _locked(conn, mandate, user_id)
    if len(old["memberships"]) >= domain.MOST_MEMBERSHIPS:
        raise Invalid(FieldError("user_id", "too_many_memberships", {"max": domain.MOST_MEMBERSHIPS}))
    item = {"organisation_id": organisation_id, "role": role}
    wrong = _membership_misfit(item, mandate, organisations.find_some(conn, [organisation_id]))
    if wrong:
        raise Invalid(FieldError(*wrong))
    if not storage.add_membership(conn, user_id, organisation_id, role):
        raise domain.MembershipExists()
    return in_sight(mandate, _republished(conn, now, actor, old))


def drop_membership(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    user_id: UUID,
    organisation_id: UUID,
    role: str,
) -> Row:
    """Take a role away; tokens that carry it still work until they run out (15 minutes)."""
    old = _locked(conn, mandate, user_id)
    posts = (each for each in _posts(old) if (each.organisation_id, each.role) == (organisation_id, role))
    post = next(posts, None)
    if post is None or not mandate.sees(organisation_id, post.adcode):
        raise NotFound()
    if user_id == mandate.user_id:
        raise domain.NotYourself()
    if not mandate.may_grant(role, organisation_id, post.adcode):
        raise Forbidden()
    storage.drop_membership(conn, user_id, organisation_id, role)
    return in_sight(mandate, _republished(conn, now, actor, old))


def read_user(conn: Connection, *, mandate: Mandate, user_id: UUID) -> Row:
    """One user; NotFound outside the mandate's sight."""
    row = storage.find(conn, user_id)
    if row is None or not _is_in_sight(mandate, row):
        raise NotFound()
    return in_sight(mandate, row)


def read_myself(conn: Connection, *, user_id: UUID) -> Row:
    """The caller's own account; NotFound only for a token that outlived it."""
    row = storage.find(conn, user_id)
    if row is None:
        raise NotFound()
    return row


def list_users(
    conn: Connection,
    *,
    mandate: Mandate,
    organisation_id: UUID | None,
    role: str | None,
    login: str | None,
    after: UUID | None,
    limit: int,
) -> list[Row]:
    """Users that the mandate may know of, in id order: oneself, the own organisation's, the own area's."""
    rows = storage.listed(
        conn,
        sees_all=mandate.sees_all,
        area=mandate.prefix if mandate.role == "coordinator" else None,
        own=mandate.organisation_id if mandate.role in ("head", "venue", "coordinator") else None,
        myself=mandate.user_id,
        organisation_id=organisation_id,
        role=role,
        login=login,
        after=after,
        limit=limit,
    )
    return [in_sight(mandate, row) for row in rows]


def in_sight(mandate: Mandate, row: Row) -> Row:
    """The user as the mandate may see it: memberships elsewhere are nobody's business."""
    if mandate.sees_all or row["id"] == mandate.user_id:
        return row
    seen = [each for each in row["memberships"] if mandate.sees(each["organisation_id"], each["adcode"])]
    return {**row, "memberships": seen}


def append_user(conn: Connection, *, now: datetime, actor: Acting | None, row: Row, type_: str) -> None:
    """Publish one user as it now stands; login and password stay here."""
    outbox.append(
        conn,
        now=now,
        type=type_,
        aggregate="user",
        aggregate_id=row["id"],
        version=row["version"],
        data=UserState().dump(row),
        actor=actor,
    )


def _register_one(conn: Connection, now: datetime, actor: Acting, item: Item, path: str) -> Row:
    hashed = passwords.hash_password(item["password"])
    row = {**item, "password_hash": hashed, "id": new_id(), "active": True, "version": 1, "now": now}
    if not storage.add(conn, row):
        # Somebody took the login between our look and our insert.
        raise Invalid(FieldError(f"{path}login", "login_taken"))
    for membership in item["memberships"]:
        storage.add_membership(conn, row["id"], membership["organisation_id"], membership["role"])
    whole = storage.find(conn, row["id"]) or row
    append_user(conn, now=now, actor=actor, row=whole, type_="user_registered")
    return whole


def _republished(conn: Connection, now: datetime, actor: Acting, old: Row) -> Row:
    """The user with its new memberships, at the next version, published."""
    row = {**old, "password_hash": None, "version": old["version"] + 1}
    storage.change(conn, row, from_version=old["version"], now=now)
    whole = storage.find(conn, old["id"]) or row
    append_user(conn, now=now, actor=actor, row=whole, type_="user_changed")
    return whole


def _locked(conn: Connection, mandate: Mandate, user_id: UUID) -> Row:
    row = storage.lock(conn, user_id)
    if row is None or not _is_in_sight(mandate, row):
        raise NotFound()
    return row


def _is_in_sight(mandate: Mandate, row: Row) -> bool:
    if mandate.sees_all or row["id"] == mandate.user_id:
        return True
    if mandate.role not in ("head", "venue", "coordinator"):
        return False
    return any(mandate.sees(post.organisation_id, post.adcode) for post in _posts(row))


def _posts(row: Row) -> list[Post]:
    return [Post(each["organisation_id"], each["adcode"], each["role"]) for each in row["memberships"]]


def _refuse_change(conn: Connection, mandate: Mandate, old: Row, change: Item) -> None:
    if not change:
        raise domain.NothingToChange()
    if old["id"] == mandate.user_id and change.get("active") is False:
        raise domain.NotYourself(field="active")
    own = old["id"] == mandate.user_id and _OWN_FIELDS.issuperset(change)
    if not own and not domain.may_manage(mandate, _posts(old)):
        raise Forbidden()
    expert_id = change.get("expert_id")
    if expert_id and storage.expert_is_taken(conn, expert_id, by_other_than=old["id"]):
        raise Invalid(FieldError("expert_id", "expert_taken"))


def _new_hash(conn: Connection, mandate: Mandate, old: Row, change: Item) -> str | None:
    """The hash of the password that the change sets, or None; the own one needs the current one beside it."""
    password = change.get("password")
    if password is None:
        return None
    if domain.password_is_weak(password, old["login"]):
        raise Invalid(FieldError("password", "password_weak"))
    current = storage.password_hash(conn, old["id"])
    own = old["id"] == mandate.user_id
    if own and not passwords.password_fits(change.get("current_password", ""), current):
        raise domain.CurrentPasswordWrong(field="current_password")
    return passwords.hash_password(password)


def _weak(items: Sequence[Item], paths: Sequence[str]) -> list[FieldError]:
    return [
        FieldError(f"{path}password", "password_weak")
        for item, path in zip(items, paths, strict=True)
        if domain.password_is_weak(item["password"], item["login"])
    ]


def _places(items: Iterable[Item]) -> list[UUID]:
    return [membership["organisation_id"] for item in items for membership in item["memberships"]]


def _misfits(
    items: Sequence[Item], paths: Sequence[str], mandate: Mandate, known: Mapping[UUID, Row]
) -> list[FieldError]:
    """What is wrong with the memberships asked for."""
    return [
        FieldError(f"{path}memberships[{position}].{wrong[0]}", wrong[1])
        for item, path in zip(items, paths, strict=True)
        for position, membership in enumerate(item["memberships"])
        if (wrong := _membership_misfit(membership, mandate, known))
    ]


def _membership_misfit(
    membership: Item, mandate: Mandate, known: Mapping[UUID, Row]
) -> tuple[str, str] | None:
    """The field and code of what is wrong with one membership, or None."""
    organisation = known.get(membership["organisation_id"])
    if organisation is None or not mandate.sees(organisation["id"], organisation["adcode"]):
        return "organisation_id", "organisation_unknown"
    if not domain.role_fits(membership["role"], organisation["kind"]):
        return "role", "role_not_for_kind"
    if not mandate.may_grant(membership["role"], organisation["id"], organisation["adcode"]):
        return "role", "role_not_grantable"
    return None


def _twins(conn: Connection, items: Sequence[Item], paths: Sequence[str]) -> list[FieldError]:
    """Logins and experts that belong to somebody, in the database or earlier in the batch."""
    experts = [item["expert_id"] for item in items if item["expert_id"]]
    logins_taken, experts_taken = storage.taken(conn, [item["login"] for item in items], experts)
    errors = []
    for item, path in zip(items, paths, strict=True):
        if item["login"] in logins_taken:
            errors.append(FieldError(f"{path}login", "login_taken"))
        if item["expert_id"] and item["expert_id"] in experts_taken:
            errors.append(FieldError(f"{path}expert_id", "expert_taken"))
        logins_taken.add(item["login"])
        experts_taken.add(item["expert_id"])
    return errors
