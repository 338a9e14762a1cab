"""What coordinators do by hand, over HTTP: a part of matcher's own endpoints, which the service stands on."""

from __future__ import annotations

from typing import Any

from schemas.http.matches import MatchView
from schemas.http.moves import (
    DropInput,
    HandMovesView,
    MovedByHandView,
    MoveInput,
    PlacedByHandView,
    PlaceInput,
    PlacePreviewInput,
    PlacePreviewView,
    PreviewInput,
    PreviewView,
)
from services.chassis import http
from services.chassis.db import Connection
from services.matcher.usecases import drafting, hand_prices, placing, views
from services.matcher.usecases.drafting import Wanted
from services.matcher.what_ifs import OVERSEERS
from services.matcher.what_ifs import party_of as _party

COORDINATORS = frozenset({"coordinator"})


class HandsHttp:
    """Moves of drafts and offers, places for requests left out, with their prices before and after."""

    @http.endpoint(
        "POST",
        "/matches/<uuid:match_id>/move/preview",
        body=PreviewInput,
        answer=PreviewView,
        roles=COORDINATORS,
        summary="What moving one pairing would change, and what it would cost whom",
    )
    def preview_move(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Changes nothing."""
        return drafting.preview(conn, **_moving(call), now=call.now, language=call.language)

    @http.endpoint(
        "POST",
        "/matches/<uuid:match_id>/move",
        body=MoveInput,
        answer=MovedByHandView,
        roles=COORDINATORS,
        summary="Move one pairing by hand, of a draft or offered, within the same rules",
    )
    def move_draft(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """As it was shown, or not at all. Pinned, with reason and price; an offer waits for its new place."""
        moved, price = drafting.move_by_hand(conn, **_moving(call), **_meant(call), now=call.now)
        return {**views.dump(moved), "price": hand_prices.told(price, call.language)}

    @http.endpoint(
        "POST",
        "/rounds/<uuid:round_id>/requests/<uuid:request_id>/place/preview",
        body=PlacePreviewInput,
        answer=PlacePreviewView,
        roles=COORDINATORS,
        summary="What giving a place to a request that the draft leaves out would change, and cost whom",
    )
    def preview_place(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Changes nothing."""
        displacing = call.body["displacing"]
        return placing.preview(
            conn, **_moving(call), displacing=displacing, now=call.now, language=call.language
        )

    @http.endpoint(
        "POST",
        "/rounds/<uuid:round_id>/requests/<uuid:request_id>/place",
        body=PlaceInput,
        answer=PlacedByHandView,
        roles=COORDINATORS,
        status=201,
        creates=True,
        summary="Give a place by hand to a request that the draft leaves out, within the same rules",
    )
    def place_request(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """As it was shown, or not at all. Pinned, with reason and price; what makes way waits again."""
        displacing = call.body["displacing"]
        made, price = placing.place(
            conn, **_moving(call), **_meant(call), displacing=displacing, now=call.now
        )
        return {**views.dump(made), "price": hand_prices.told(price, call.language, "placed")}

    @http.endpoint(
        "POST",
        "/matches/<uuid:match_id>/drop",
        body=DropInput,
        answer=MatchView,
        roles=COORDINATORS,
        summary="Take back a draft that was placed by hand; its request waits again",
    )
    def drop_placed(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """While the round is drawn up."""
        reason = call.body["reason"]
        return views.dump(placing.drop(conn, **call.params, party=_party(call), reason=reason, now=call.now))

    @http.endpoint(
        "GET",
        "/matches/<uuid:match_id>/moves",
        answer=HandMovesView,
        roles=OVERSEERS,
        summary="How one match was moved by hand: by whom, why, and what was known of the price",
    )
    def list_moves(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """The newest first."""
        return drafting.moves_of(conn, **call.params, party=_party(call), language=call.language)


def _moving(call: http.Call) -> dict[str, Any]:
    wanted = Wanted(call.body["resource_kind"], call.body["resource_id"], call.body["starts_at"])
    return {**call.params, "party": _party(call), "wanted": wanted}


def _meant(call: http.Call) -> dict[str, Any]:
    return {name: call.body[name] for name in ("reason", "shown")}
