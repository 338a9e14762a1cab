"""What if over HTTP: asked about a round, read and given up by who oversees its area."""

from __future__ import annotations

from typing import Any

from schemas.contract import page
from schemas.http.files import Formatted
from schemas.http.what_ifs import WhatIfInput, WhatIfView
from services.chassis import http, sheets
from services.chassis.auth import OrganisationRequired
from services.chassis.db import Connection, Database
from services.matcher.usecases import what_ifs
from services.matcher.usecases.offering import Party

DISTRICTS: sheets.Columns = (
    ("name", "旗县区"),
    ("requests_base", "申请（现状）"),
    ("served_base", "满足（现状）"),
    ("people_base", "人数（现状）"),
    ("share_base", "满足率（现状）"),
    ("requests_changed", "申请（变化后）"),
    ("served_changed", "满足（变化后）"),
    ("people_changed", "人数（变化后）"),
    ("share_changed", "满足率（变化后）"),
    ("served_more", "满足增减"),
    ("schools_gain", "受益学校"),
    ("schools_lose", "受损学校"),
)

OVERSEERS = frozenset({"coordinator", "operator"})


class WhatIfHttp:
    """A part of matcher's HTTP, apart for its length."""

    db: Database

    @http.endpoint(
        "POST",
        "/rounds/<uuid:round_id>/what-ifs",
        body=WhatIfInput,
        answer=WhatIfView,
        roles=OVERSEERS,
        status=202,
        creates=True,
        summary="Ask what if about a round: solved on a copy, as it is and with the changes, side by side",
    )
    def ask_what_if(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """What an addition is worth by prices is told at once; the rest follows."""
        changes = call.body["changes"]
        return what_ifs.ask(conn, **_reader(call), changes=changes, now=call.now, **call.params)

    @http.endpoint(
        "GET",
        "/rounds/<uuid:round_id>/what-ifs",
        query=http.Paging,
        answer=page(WhatIfView),
        roles=OVERSEERS,
        summary="What was asked about a round, with the answers, newest first",
    )
    def list_what_ifs(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Not found where the caller does not oversee the round's area."""
        limit, after = call.query["limit"], call.cursor[0] if call.cursor else None
        rows = what_ifs.listed(conn, **_reader(call), **call.params, after=after, limit=limit)
        return http.page(rows, limit, lambda row: [row["id"]])

    @http.endpoint(
        "GET",
        "/rounds/<uuid:round_id>/what-ifs/<uuid:what_if_id>",
        answer=WhatIfView,
        roles=OVERSEERS,
        summary="One question of what if: its answer, or the progress of it",
    )
    def read_what_if(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Changes each second while it is worked on."""
        return what_ifs.read(conn, **_reader(call), **call.params)

    @http.endpoint(
        "GET",
        "/rounds/<uuid:round_id>/what-ifs/<uuid:what_if_id>/export",
        query=Formatted,
        roles=OVERSEERS,
        transaction=False,
        summary="Both sides of an answer by district, as CSV or a workbook",
    )
    def export_what_if(self, call: http.Call) -> http.FileAnswer:
        """All districts together first; refused while there is no answer."""
        with self.db.read() as conn:
            rows = what_ifs.table(conn, **_reader(call), **call.params)
        return sheets.answer(call, "what-if", DISTRICTS, rows)

    @http.endpoint(
        "POST",
        "/rounds/<uuid:round_id>/what-ifs/<uuid:what_if_id>/cancel",
        answer=WhatIfView,
        roles=OVERSEERS,
        summary="Give a question of what if up",
    )
    def cancel_what_if(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """The solver lets go within a second or so."""
        return what_ifs.cancel(conn, **_reader(call), now=call.now, **call.params)


def party_of(call: http.Call) -> Party:
    """Who acts, for which organisation. Raises OrganisationRequired."""
    caller = call.caller
    if caller is None:
        raise OrganisationRequired()
    return Party(caller.user_id, caller.organisation_id, caller.role, caller.area, caller.expert_id)


def _reader(call: http.Call) -> dict[str, Any]:
    return {"party": party_of(call), "language": call.language}
