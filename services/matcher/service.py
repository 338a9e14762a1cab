"""Matcher over HTTP and on the bus, and what it does by itself, second by second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from nameko.timer import timer

from schemas.contract import page
from schemas.http.explanations import AdditionsView
from schemas.http.matches import (
    AnswerInput,
    CancelInput,
    ExplanationView,
    MatchQuery,
    MatchSummary,
    MatchView,
)
from schemas.http.rounds import (
    AtOnceView,
    PublishedRound,
    RoundDetail,
    RoundInput,
    RoundQuery,
    RoundView,
    SeedView,
)
from schemas.refusal import Busy, Forbidden, NotFound, Unavailable
from services.chassis import http, inbox, rpc
from services.chassis.auth import Tokens
from services.chassis.clock import Clock
from services.chassis.db import Connection, Database
from services.chassis.telemetry import SqlGauge, Telemetry
from services.matcher.by_hand import COORDINATORS, HandsHttp
from services.matcher.storage.gauges import JOB_AGE, LIVE_MATCHES, SOLVE_GAP, STEP_AGE
from services.matcher.usecases import (
    companies,
    facts,
    offering,
    pooling,
    rounds,
    telling,
    views,
)
from services.matcher.usecases.saga import Saga
from services.matcher.what_ifs import OVERSEERS, WhatIfHttp
from services.matcher.what_ifs import party_of as _party

GAUGES = (
    SqlGauge("matcher_matches", "Matches by state", LIVE_MATCHES, labels=("state",)),
    SqlGauge("matcher_solve_gap", "(bound - value) / bound of the last round drawn up", SOLVE_GAP),
    SqlGauge("matcher_job_age_seconds", "How long the oldest solve job has waited or run", JOB_AGE),
    SqlGauge("matcher_step_age_seconds", "How long the oldest due step of a match has waited", STEP_AGE),
)
# Steps that one tick makes before it lets the next one come: a bound on its length, not on the work.
PASSES_PER_TICK = 50
POOL_SECONDS = 3
VERIFIER = Path(__file__).with_name("verify.py")
_log = structlog.get_logger(__name__)


class RoundPage(RoundQuery, http.Paging):
    """Which rounds to list."""


class MatchPage(MatchQuery, http.Paging):
    """Which matches to list."""


class MatcherHttp(WhatIfHttp, HandsHttp):
    """Rounds and their drafts, matches and their answers, explanations; what if."""

    name = "matcher_http"
    db = Database()
    clock = Clock()
    tokens = Tokens()
    telemetry = Telemetry("matcher", gauges=GAUGES)
    openapi = http.OpenApi("matcher")

    # -- rounds

    @http.endpoint(
        "POST",
        "/rounds",
        body=RoundInput,
        answer=RoundView,
        roles=COORDINATORS,
        status=201,
        creates=True,
        summary="Open a round of pooled requests",
    )
    def open_round(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """In the caller's area."""
        if not _party(call).covers(call.body["adcode"]):
            raise Forbidden(field="adcode")
        return rounds.open_round(conn, now=call.now, actor=call.actor, wanted=call.body)

    @http.endpoint("GET", "/rounds", query=RoundPage, answer=page(RoundView), summary="Rounds, newest first")
    def list_rounds(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Numbers only where the caller may know them."""
        rows = views.list_rounds(
            conn, _party(call), state=call.query.get("state"), after=_after(call), limit=call.query["limit"]
        )
        return http.page(rows, call.query["limit"], lambda row: [row["id"]])

    @http.endpoint(
        "GET",
        "/rounds/<uuid:round_id>",
        answer=RoundDetail,
        summary="One round, with the progress of its solve and its numbers",
    )
    def read_round(self, call: http.Call, conn: Connection) -> http.Answer:
        """Changes each second while it is being solved, whatever its version."""
        found = views.read_round(conn, _party(call), **call.params, language=call.language)
        return http.Answer(found, tagged=False)

    @http.endpoint(
        "GET",
        "/rounds/<uuid:round_id>/matches",
        query=MatchPage,
        answer=page(MatchView),
        summary="The matches of a round; its draft for coordinators",
    )
    def list_round(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """As the list of matches, with the round given."""
        rounds.area_of(conn, call.params["round_id"])  # NotFound, rather than an empty list of nothing
        return _matches(call, conn, {**call.query, **call.params})

    @http.endpoint(
        "POST",
        "/rounds/<uuid:round_id>/close",
        answer=RoundView,
        roles=COORDINATORS,
        summary="Close a round before its time, and have it solved",
    )
    def close_round(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By hand."""
        return rounds.close(conn, now=call.now, actor=call.actor, round_id=_our_round(call, conn))

    @http.endpoint(
        "POST",
        "/rounds/<uuid:round_id>/solve",
        answer=RoundView,
        roles=COORDINATORS,
        summary="Solve a round once more; what was set by hand stays",
    )
    def solve_round(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Until it is published."""
        return rounds.solve_again(conn, now=call.now, actor=call.actor, round_id=_our_round(call, conn))

    @http.endpoint(
        "POST",
        "/rounds/<uuid:round_id>/cancel-solve",
        answer=RoundView,
        roles=COORDINATORS,
        summary="Stop a solve: the best plan so far is the draft; without one the round is closed again",
    )
    def cancel_solve(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """The solver lets go within a second or so."""
        return rounds.cancel_solve(conn, now=call.now, round_id=_our_round(call, conn))

    @http.endpoint(
        "POST",
        "/rounds/<uuid:round_id>/review",
        answer=RoundView,
        roles=COORDINATORS,
        summary="Mark a draft as reviewed",
    )
    def review_round(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """After it was drawn up."""
        return rounds.review(conn, now=call.now, actor=call.actor, round_id=_our_round(call, conn))

    @http.endpoint(
        "POST",
        "/rounds/<uuid:round_id>/publish",
        answer=RoundView,
        roles=COORDINATORS,
        summary="Publish a reviewed round: hold, then offer",
    )
    def publish_round(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Reveals the seed."""
        return rounds.publish(conn, now=call.now, actor=call.actor, round_id=_our_round(call, conn))

    # -- what anybody may read of a round that is published

    @http.endpoint(
        "GET",
        "/rounds/published",
        query=http.Paging,
        answer=page(PublishedRound),
        roles=None,
        summary="Published rounds, newest first: how good each result is, and the papers that prove it",
    )
    def list_published(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """No school, venue or person is named."""
        limit = call.query["limit"]
        rows = views.list_published(conn, after=_after(call), limit=limit)
        return http.page(rows, limit, lambda row: [row["id"]])

    @http.endpoint(
        "GET",
        "/rounds/seeds",
        query=http.Paging,
        answer=page(SeedView),
        roles=None,
        summary="Every round's hash of its seed from its opening on, and the seed once it is published",
    )
    def list_seeds(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Told before anybody can ask for anything, so that no seed is chosen for somebody."""
        limit = call.query["limit"]
        rows = views.list_seeds(conn, after=_after(call), limit=limit)
        return http.page(rows, limit, lambda row: [row["id"]])

    @http.endpoint(
        "GET",
        "/rounds/<uuid:round_id>/papers/problem",
        roles=None,
        summary="What was to be solved in a published round, with names removed (a JSON file)",
    )
    def read_problem(self, call: http.Call, conn: Connection) -> http.PackedFile:
        """The verifier's first argument."""
        return _paper(call, conn, "problem")

    @http.endpoint(
        "GET",
        "/rounds/<uuid:round_id>/papers/solution",
        roles=None,
        summary="What the solver chose in a published round, and the seed (a JSON file)",
    )
    def read_solution(self, call: http.Call, conn: Connection) -> http.PackedFile:
        """The verifier's second argument."""
        return _paper(call, conn, "solution")

    @http.endpoint(
        "GET",
        "/rounds/<uuid:round_id>/papers/certificate",
        roles=None,
        summary="The prices that prove the bound of a published round (a JSON file)",
    )
    def read_certificate(self, call: http.Call, conn: Connection) -> http.PackedFile:
        """The verifier's third argument."""
        return _paper(call, conn, "certificate")

    @http.endpoint(
        "GET",
        "/verifier",
        roles=None,
        transaction=False,
        summary="The program that checks a round's papers (Python, standard library only)",
    )
    def read_verifier(self, _: http.Call) -> http.FileAnswer:
        """The very file that stands beside this one."""
        if not VERIFIER.exists():
            raise NotFound()
        return http.stream("verify.py", "text/x-python; charset=utf-8", [VERIFIER.read_bytes()])

    # -- matches

    @http.endpoint(
        "GET", "/matches", query=MatchPage, answer=page(MatchView), summary="Matches that concern the caller"
    )
    def list_matches(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """A school's own, an owner's legs, an expert's own, a coordinator's area."""
        return _matches(call, conn, call.query)

    @http.endpoint(
        "GET", "/matches/summary", query=MatchQuery, answer=MatchSummary, summary="The same, counted"
    )
    def summarise_matches(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By state."""
        return views.summary(conn, _party(call), call.query)

    @http.endpoint("GET", "/matches/<uuid:match_id>", answer=MatchView, summary="One match")
    def read_match(self, call: http.Call, conn: Connection) -> http.Answer:
        """Not found where it is none of the caller's business."""
        found = views.read_match(conn, _party(call), **call.params)
        # A hand moves a draft without a version of it.
        return http.Answer(found, tagged=found["version"] > 0)

    @http.endpoint(
        "POST",
        "/matches/<uuid:match_id>/answers",
        body=AnswerInput,
        answer=MatchView,
        summary="Accept or decline an offer, for every party that the caller speaks for",
    )
    def answer_offer(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Once: the second answer is refused."""
        answered = offering.answer(
            conn,
            **call.params,
            party=_party(call),
            said=call.body["answer"],
            reason=call.body["reason"],
            now=call.now,
            actor=call.actor,
        )
        return views.dump(answered)

    @http.endpoint(
        "POST",
        "/matches/<uuid:match_id>/cancel",
        body=CancelInput,
        answer=MatchView,
        summary="Call a match off before it begins",
    )
    def cancel_match(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By its school, an owner of its legs, or a coordinator."""
        return views.dump(offering.cancel(conn, **_act(call), **call.params, reason=call.body["reason"]))

    @http.endpoint(
        "POST",
        "/matches/<uuid:match_id>/delivered",
        answer=MatchView,
        summary="Say that it took place",
    )
    def match_delivered(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By the school or by who gave it, once it has begun."""
        return views.dump(offering.delivered(conn, **_act(call), **call.params))

    # -- explanations, and the pool

    @http.endpoint(
        "GET",
        "/explanations/<uuid:request_id>",
        answer=ExplanationView,
        summary="Why a request was matched, or was not",
    )
    def explain(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """To its school and its coordinators; to a venue, of what is given with its resources."""
        return telling.explain(conn, _party(call), **call.params, language=call.language)

    @http.endpoint(
        "GET",
        "/rounds/<uuid:round_id>/additions",
        answer=AdditionsView,
        roles=OVERSEERS,
        summary="What one more session, expert day or stay of a unit would add to a round: the twenty best",
    )
    def list_additions(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Each solved again with it."""
        return telling.additions(conn, _party(call), **call.params, language=call.language)

    @http.endpoint(
        "GET", "/at-once", answer=AtOnceView, roles=OVERSEERS, summary="Requests that wait outside any round"
    )
    def read_pool(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Of the caller's area."""
        return views.at_once(conn, _party(call))


class Matcher:
    """Hears what others did, and carries rounds and matches on."""

    name = "matcher"
    db = Database()
    clock = Clock()
    telemetry = Telemetry("matcher")
    catalog = rpc.Client("catalog")
    experts = rpc.Client("experts")
    republish = rpc.republish_command()

    @inbox.consume(
        {
            "accounts": ["organisation", "district"],
            "catalog": ["venue", "programme", "slot", "closure", "unit", "stop", "shared_resource"],
            "experts": ["expert", "engagement"],
            "demand": ["school", "request", "calendar", "terms"],
        },
        whole=True,
    )
    def hear(self, heard: list[inbox.Fact], conn: Connection) -> None:
        """Keep the newest state, and let go of what it makes impossible."""
        facts.hear(conn, heard)

    @timer(interval=1)
    def drive(self) -> None:
        """Make the steps of matches that are due, until none is."""
        saga = Saga(self.db, self.clock.now, {"catalog": self.catalog, "experts": self.experts})
        with _patience("drive"):
            _until_nothing(saga.drive)

    @timer(interval=1)
    def keep_time(self) -> None:
        """Close rounds and end offers whose time is over."""
        with _patience("keep_time"):
            _until_nothing(lambda: self._written(rounds.close_due))
            _until_nothing(lambda: self._written(offering.expire_overdue))
            _until_nothing(lambda: self._written(companies.settle))

    @timer(interval=POOL_SECONDS)
    def tend_pool(self) -> None:
        """Have waiting requests solved at once, and tell what solves said."""
        with _patience("tend_pool"):
            self._written(pooling.ask_for_solve)
            _until_nothing(lambda: self._written(pooling.tell_verdicts))

    def _written(self, work: Callable[..., int]) -> int:
        with self.db.transaction() as conn:
            return work(conn, now=self.clock.now())


@contextmanager
def _patience(what: str) -> Iterator[None]:
    """A tick that the database has no time for is left to the next one."""
    try:
        yield
    except (Busy, Unavailable) as refusal:
        _log.warning("tick_skipped", what=what, code=refusal.code)


def _until_nothing(work: Callable[[], int]) -> None:
    for _ in range(PASSES_PER_TICK):
        if not work():
            return


def _act(call: http.Call) -> dict[str, Any]:
    return {"party": _party(call), "now": call.now, "actor": call.actor}


def _after(call: http.Call) -> UUID | None:
    return call.cursor[0] if call.cursor else None


def _our_round(call: http.Call, conn: Connection) -> UUID:
    """The round of the path, if the caller coordinates its area. Raises NotFound or Forbidden."""
    round_id: UUID = call.params["round_id"]
    if not _party(call).covers(rounds.area_of(conn, round_id)):
        raise Forbidden()
    return round_id


def _paper(call: http.Call, conn: Connection, paper: str) -> http.PackedFile:
    found = views.read_paper(conn, **call.params, paper=paper)
    return http.PackedFile(f"{paper}.json", "application/json", found.packed, found.size, found.sha256)


def _matches(call: http.Call, conn: Connection, query: dict[str, Any]) -> dict[str, Any]:
    limit = call.query["limit"]
    rows = views.list_matches(conn, _party(call), query, after=_after(call), limit=limit)
    return http.page(rows, limit, lambda row: [row["id"]])
