"""Groups that come to a session together: what becomes of the others when one of them does not come.

Who is left stays if the session's least number is still reached. If it is not, those who are not confirmed
yet are given up, and other places are looked for; who is confirmed stays, and all who are concerned are told
how many are left. Read off the matches as they stand, so that whatever ended one of them, nothing is missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from services.chassis.store import Connection, savepoint
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.storage import companies, matches
from services.matcher.usecases import moves

AT_A_TIME = 20
BROKEN = "company_broken"
_log = structlog.get_logger(__name__)


def settle(conn: Connection, *, now: datetime) -> int:
    """Settle companies of which somebody has gone; returns how many."""
    changed = companies.changed(conn, AT_A_TIME)
    return sum(_settled(conn, company_id, now) for company_id in changed)


def _settled(conn: Connection, company_id: UUID, now: datetime) -> bool:
    left = matches.many(conn, companies.lock(conn, company_id))
    if domain.are_too_few(left):
        given_up = [match for match in left if match.state in domain.UNSETTLED]
        for match in given_up:
            moves.end(conn, match, "superseded", now=now, code=BROKEN)
        left = [match for match in left if match not in given_up]
    elif any(match.state == "holding" for match in left):
        # What is being held says how many come together: it is told once that is done.
        return False
    told = [_told(conn, match, left, now) for match in left]
    return all(told)


def _told(conn: Connection, match: Match, left: Sequence[Match], now: datetime) -> bool:
    groups, people = len(left), sum(each.group_size for each in left)
    changes = {"company_groups": groups, "company_people": people}
    if match.state == "proposed":
        companies.count_draft(conn, match.id, groups=groups, people=people)
        return True
    try:
        with savepoint(conn):
            moves.note(conn, match, "company_changed", now=now, actor=None, **changes)
    except domain.MatchMoved:
        _log.info("match_moved_meanwhile", match=str(match.id), state=match.state)
        return False
    return True
