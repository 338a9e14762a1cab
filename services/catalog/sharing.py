"""Shared resources over HTTP: public to read, kept by their owners and the coordinators of their area."""

from __future__ import annotations

from typing import Any

from schemas.contract import page
from schemas.http.shared_resources import (
    SharedResourceInput,
    SharedResourcePatch,
    SharedResourceQuery,
    SharedResourceView,
)
from services.catalog.calls import KEEPERS, act, ask, by_id, change
from services.catalog.usecases import sharing
from services.chassis import http
from services.chassis.db import Connection


class SharedResourcePage(SharedResourceQuery, http.Paging):
    """Which shared resources to list."""


class SharingHttp:
    """A part of catalog's HTTP, apart for its length."""

    @http.endpoint(
        "POST",
        "/shared-resources",
        body=SharedResourceInput,
        answer=SharedResourceView,
        roles=KEEPERS,
        status=201,
        creates=True,
        summary="Register rooms, guides, kits or coaches that programmes share",
    )
    def register_shared_resource(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Of one's own organisation, or of one in the area that one coordinates."""
        return sharing.register(conn, **act(call), item=call.body)

    @http.endpoint(
        "GET",
        "/shared-resources",
        query=SharedResourcePage,
        answer=page(SharedResourceView),
        roles=None,
        summary="Shared resources, by id",
    )
    def list_shared_resources(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public."""
        return by_id(call, sharing.listed(conn, **ask(call)))

    @http.endpoint(
        "GET",
        "/shared-resources/<uuid:resource_id>",
        answer=SharedResourceView,
        roles=None,
        summary="One shared resource",
    )
    def read_shared_resource(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public, whatever its state."""
        return sharing.read(conn, **call.params)

    @http.endpoint(
        "PATCH",
        "/shared-resources/<uuid:resource_id>",
        body=SharedResourcePatch,
        answer=SharedResourceView,
        roles=KEEPERS,
        changes=True,
        summary="Change a shared resource, its number never below what is held and reserved at one time",
    )
    def change_shared_resource(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By those who keep it."""
        return sharing.change(conn, **act(call), **change(call))

    @http.endpoint(
        "POST",
        "/shared-resources/<uuid:resource_id>/withdraw",
        answer=SharedResourceView,
        roles=KEEPERS,
        changes=True,
        summary="Share it no more; refused while a programme needs it",
    )
    def withdraw_shared_resource(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By those who keep it."""
        return sharing.withdraw(conn, **act(call), if_version=call.if_match or 0, **call.params)
