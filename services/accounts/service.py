"""Accounts over HTTP and on the bus."""

from __future__ import annotations

from typing import Any

from nameko.timer import timer

from schemas.contract import page
from schemas.http.districts import DistrictQuery, DistrictsInput, DistrictsLoaded, DistrictView
from schemas.http.organisations import (
    OrganisationInput,
    OrganisationPatch,
    OrganisationQuery,
    OrganisationsInput,
    OrganisationsRegistered,
    OrganisationView,
)
from schemas.http.tokens import KeySetView, RefreshInput, TokenInput, TokenView
from schemas.http.users import (
    MembershipAdd,
    UserInput,
    UserPatch,
    UserQuery,
    UsersInput,
    UsersRegistered,
    UserView,
)
from schemas.refusal import Unavailable
from services.accounts.domain import Mandate
from services.accounts.keys import key_secret
from services.accounts.usecases import districts, organisations, sessions, users
from services.chassis import http, rpc
from services.chassis.auth import OrganisationRequired, Tokens
from services.chassis.clock import Clock
from services.chassis.db import Connection, Database
from services.chassis.telemetry import Telemetry

OPERATOR = frozenset({"operator"})
REGISTRARS = frozenset({"operator", "coordinator"})
MANAGERS = REGISTRARS | {"head", "venue"}
SWEEP_SECONDS = 600


class DistrictPage(DistrictQuery, http.Paging):
    """Which districts to list."""


class OrganisationPage(OrganisationQuery, http.Paging):
    """Which organisations to list."""


class UserPage(UserQuery, http.Paging):
    """Which users to list."""


class AccountsHttp:
    """Who there is, who may act for whom, and how they log in."""

    name = "accounts_http"
    db = Database()
    clock = Clock()
    tokens = Tokens()
    telemetry = Telemetry("accounts")
    openapi = http.OpenApi("accounts")

    @http.endpoint(
        "GET",
        "/districts",
        query=DistrictPage,
        answer=page(DistrictView),
        roles=None,
        summary="The area tree, in adcode order",
    )
    def list_districts(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public."""
        rows = districts.list_districts(
            conn,
            level=call.query.get("level"),
            parent=call.query.get("parent"),
            after=_after(call),
            limit=call.query["limit"] + 1,
        )
        return http.page(rows, call.query["limit"], lambda row: [row["adcode"]])

    @http.endpoint(
        "PUT",
        "/districts",
        body=DistrictsInput,
        answer=DistrictsLoaded,
        roles=OPERATOR,
        summary="Load a part of the area tree, all or nothing",
    )
    def load_districts(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Loading the same twice changes nothing."""
        return dict(districts.load_districts(conn, now=call.now, actor=call.actor, items=call.body["items"]))

    @http.endpoint(
        "POST",
        "/organisations",
        body=OrganisationInput,
        answer=OrganisationView,
        roles=REGISTRARS,
        status=201,
        creates=True,
        summary="Register an organisation in one's area",
    )
    def register_organisation(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """One."""
        return organisations.register_organisation(
            conn, now=call.now, mandate=_mandate(call), actor=call.actor, item=call.body
        )

    @http.endpoint(
        "POST",
        "/organisations/batch",
        body=OrganisationsInput,
        answer=OrganisationsRegistered,
        roles=REGISTRARS,
        status=201,
        creates=True,
        summary="Register up to 500 organisations, all or nothing",
    )
    def register_organisations(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Each refused item is named."""
        rows = organisations.register_organisations(
            conn, now=call.now, mandate=_mandate(call), actor=call.actor, items=call.body["items"]
        )
        return {"items": rows}

    @http.endpoint(
        "GET",
        "/organisations",
        query=OrganisationPage,
        answer=page(OrganisationView),
        summary="Organisations in one's area, or one's own",
    )
    def list_organisations(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Filtered by who asks."""
        rows = organisations.list_organisations(
            conn,
            mandate=_mandate(call),
            kind=call.query.get("kind"),
            adcode=call.query.get("adcode"),
            name=call.query.get("name"),
            after=_after(call),
            limit=call.query["limit"] + 1,
        )
        return http.page(rows, call.query["limit"], lambda row: [row["id"]])

    @http.endpoint(
        "GET", "/organisations/<uuid:organisation_id>", answer=OrganisationView, summary="One organisation"
    )
    def read_organisation(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Not found outside the caller's sight."""
        return organisations.read_organisation(conn, mandate=_mandate(call), **call.params)

    @http.endpoint(
        "PATCH",
        "/organisations/<uuid:organisation_id>",
        body=OrganisationPatch,
        answer=OrganisationView,
        roles=MANAGERS,
        changes=True,
        summary="Change an organisation's name or place",
    )
    def change_organisation(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By its own head or venue staff, or from above."""
        return organisations.change_organisation(
            conn,
            now=call.now,
            mandate=_mandate(call),
            actor=call.actor,
            if_version=_version(call),
            change=call.body,
            **call.params,
        )

    @http.endpoint(
        "POST",
        "/users",
        body=UserInput,
        answer=UserView,
        roles=MANAGERS,
        status=201,
        creates=True,
        summary="Register a user with memberships that one may grant",
    )
    def register_user(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """One."""
        return self._register(call, conn, [call.body], [""])[0]

    @http.endpoint(
        "POST",
        "/users/batch",
        body=UsersInput,
        answer=UsersRegistered,
        roles=MANAGERS,
        status=201,
        creates=True,
        summary="Register up to 200 users, all or nothing",
    )
    def register_users(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Each refused item is named."""
        items = call.body["items"]
        return {
            "items": self._register(call, conn, items, [f"items[{index}]." for index in range(len(items))])
        }

    def _register(
        self, call: http.Call, conn: Connection, items: list[dict[str, Any]], paths: list[str]
    ) -> list[dict[str, Any]]:
        return users.register_users(
            conn, now=call.now, mandate=_mandate(call), actor=call.actor, items=items, paths=paths
        )

    @http.endpoint(
        "GET", "/users", query=UserPage, answer=page(UserView), summary="Users in one's area or organisation"
    )
    def list_users(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Filtered by who asks."""
        rows = users.list_users(
            conn,
            mandate=_mandate(call),
            organisation_id=call.query.get("organisation_id"),
            role=call.query.get("role"),
            login=call.query.get("login"),
            after=_after(call),
            limit=call.query["limit"] + 1,
        )
        return http.page(rows, call.query["limit"], lambda row: [row["id"]])

    @http.endpoint("GET", "/users/me", answer=UserView, roles=http.SIGNED_IN, summary="Who is calling")
    def read_myself(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Needs no organisation: this is how a client learns of its memberships."""
        return users.read_myself(conn, user_id=_caller(call).user_id)

    @http.endpoint("GET", "/users/<uuid:user_id>", answer=UserView, summary="One user")
    def read_user(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Not found outside the caller's sight."""
        return users.read_user(conn, mandate=_mandate(call), **call.params)

    @http.endpoint(
        "PATCH",
        "/users/<uuid:user_id>",
        body=UserPatch,
        answer=UserView,
        changes=True,
        summary="Change oneself, or a user whom one looks after",
    )
    def change_user(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Closing an account, or another password, ends its sessions."""
        return users.change_user(
            conn,
            now=call.now,
            mandate=_mandate(call),
            actor=call.actor,
            if_version=_version(call),
            change=call.body,
            **call.params,
        )

    @http.endpoint(
        "POST",
        "/memberships",
        body=MembershipAdd,
        answer=UserView,
        roles=MANAGERS,
        status=201,
        creates=True,
        summary="Give a user a role in an organisation",
    )
    def add_membership(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Only roles that the caller may grant."""
        return users.add_membership(conn, now=call.now, mandate=_mandate(call), actor=call.actor, **call.body)

    @http.endpoint(
        "DELETE",
        "/memberships/<uuid:user_id>/<uuid:organisation_id>/<role>",
        answer=UserView,
        roles=MANAGERS,
        summary="Take a role away",
    )
    def drop_membership(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Never one's own."""
        return users.drop_membership(
            conn, now=call.now, mandate=_mandate(call), actor=call.actor, **call.params
        )

    @http.endpoint(
        "POST",
        "/tokens",
        body=TokenInput,
        answer=TokenView,
        roles=None,
        status=201,
        transaction=False,
        summary="Log in by name and password",
    )
    def log_in(self, call: http.Call) -> dict[str, Any]:
        """Failures are counted by login and address."""
        return sessions.log_in(
            self.db,
            now=call.now,
            login=call.body["login"].lower(),
            password=call.body["password"],
            address=call.address,
            secret=key_secret(),
        )

    @http.endpoint(
        "POST",
        "/tokens/refresh",
        body=RefreshInput,
        answer=TokenView,
        roles=None,
        status=201,
        transaction=False,
        summary="Trade a refresh token, which works once, for a new pair",
    )
    def refresh(self, call: http.Call) -> dict[str, Any]:
        """A token used twice ends the session."""
        return sessions.refresh_session(
            self.db, now=call.now, refresh_token=call.body["refresh_token"], secret=key_secret()
        )

    @http.endpoint(
        "POST", "/tokens/revoke", body=RefreshInput, roles=None, status=204, summary="End a session"
    )
    def log_out(self, call: http.Call, conn: Connection) -> None:
        """Says the same whether or not the token was one of ours."""
        sessions.end_session(conn, now=call.now, refresh_token=call.body["refresh_token"])

    @http.endpoint(
        "GET", "/keys", answer=KeySetView, roles=None, summary="The keys that verify access tokens"
    )
    def list_keys(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public."""
        return sessions.key_set(conn, now=call.now)


class Accounts:
    """What runs without anybody asking over HTTP."""

    name = "accounts"
    db = Database()
    clock = Clock()
    republish = rpc.republish_command()

    @timer(interval=SWEEP_SECONDS)
    def sweep(self) -> None:
        """Forget old log-in attempts and dead sessions; a failure is tried again at the next turn."""
        try:
            with self.db.transaction() as conn:
                sessions.sweep(conn, now=self.clock.now())
        except Unavailable:
            return


def _caller(call: http.Call) -> Any:
    if call.caller is None:
        raise OrganisationRequired()
    return call.caller


def _mandate(call: http.Call) -> Mandate:
    """Who asks, for whom; endpoints that use it have roles, so an organisation is always named."""
    caller = _caller(call)
    if caller.acting is None:
        raise OrganisationRequired()
    acting = caller.acting
    return Mandate(caller.user_id, acting.organisation_id, acting.role, acting.area)


def _after(call: http.Call) -> Any:
    return call.cursor[0] if call.cursor else None


def _version(call: http.Call) -> int:
    return call.if_match if call.if_match is not None else 0
