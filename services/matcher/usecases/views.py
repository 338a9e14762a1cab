"""What callers read of rounds, matches and verdicts, each seeing what is theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from schemas.errors import MESSAGES
from schemas.failures import failure_text
from schemas.reasons import ENDED, ended_text, fallen_text
from schemas.refusal import NotFound
from services.chassis.auth import covers
from services.chassis.promises import PREFIX
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.storage import facts, matches, papers, pool, rounds, views
from services.matcher.usecases import fairness
from services.matcher.usecases.offering import Party

Row = dict[str, Any]
_NOBODY = UUID(int=0)
_FILTERS = ("state", "round_id", "request_id", "school_id")
_NUMBERS = ("value", "bound", "gap", "ended", "failure")
_OVERSEERS = ("coordinator", "operator")


def oversees(party: Party, adcode: str) -> bool:
    """Whether the party may read whatever concerns a place: coordinators decide there, operators look on."""
    return party.role in _OVERSEERS and party.area is not None and covers(party.area, adcode)


# -- rounds


def list_rounds(
    conn: Connection, party: Party, *, state: str | None, after: UUID | None, limit: int
) -> list[Row]:
    """Rounds, the newest first, one more than `limit`."""
    return [_round(row, party) for row in rounds.listed(conn, state=state, after=after, limit=limit)]


def read_round(conn: Connection, party: Party, *, round_id: UUID, language: str) -> Row:
    """One round with its solve and its numbers, as far as the party may know them. Raises NotFound."""
    row = rounds.get(conn, round_id)
    if row is None:
        raise NotFound()
    ours = oversees(party, row["adcode"])
    told = ours or row["state"] == "published"
    failure = row["failure"] if told else None
    return {
        **_round(row, party),
        "changed_by_hand": views.changed_by_hand(conn, round_id) if told else None,
        "fairness": fairness.shown(row["fairness"], with_groups=ours) if told else None,
        "papers": _papers(conn, round_id) if row["state"] == "published" else None,
        "salt": row["salt"] if ours and row["state"] == "published" else None,
        "failure_text": failure_text(failure, language) if failure else None,
        "progress": progress(rounds.latest_job(conn, round_id)) if ours else None,
        "statistics": _statistics(conn, round_id, language) if told else None,
    }


def list_published(conn: Connection, *, after: UUID | None, limit: int) -> list[Row]:
    """Published rounds as anybody may know them, the newest first, one more than `limit`."""
    rows = rounds.listed(conn, state="published", after=after, limit=limit)
    return [
        {
            **row,
            "changed_by_hand": views.changed_by_hand(conn, row["id"]),
            "fairness": fairness.shown(row["fairness"], with_groups=False),
            "papers": _papers(conn, row["id"]),
        }
        for row in rows
    ]


def list_seeds(conn: Connection, *, after: UUID | None, limit: int) -> list[Row]:
    """Rounds from their opening on with their seeds' hashes, the newest first, one more than `limit`."""
    rows = rounds.listed(conn, state=None, after=after, limit=limit)
    return [{**row, "seed": row["seed"] if row["state"] == "published" else None} for row in rows]


def read_paper(conn: Connection, *, round_id: UUID, paper: str) -> papers.Packed:
    """One paper of a published round, packed; anybody's to read.

    Raises NotFound, domain.PapersUnpublished and domain.PapersMissing.
    """
    row = rounds.get(conn, round_id)
    if row is None:
        raise NotFound()
    if row["state"] != "published":
        raise domain.PapersUnpublished()
    found = papers.get(conn, round_id, paper)
    if found is None:
        raise domain.PapersMissing()
    return found


def _papers(conn: Connection, round_id: UUID) -> list[Row]:
    return [
        {**row, "address": f"{PREFIX}/rounds/{round_id}/papers/{row['paper']}"}
        for row in papers.listed(conn, round_id)
    ]


def _round(row: Row, party: Party) -> Row:
    published = row["state"] == "published"
    # Rounds made before there was such a limit have none.
    policy = {"most_per_school": None, **row["policy"]}
    shown = {**row, "seed": row["seed"] if published else None, "policy": policy}
    hidden = {} if published or oversees(party, row["adcode"]) else dict.fromkeys(_NUMBERS)
    return shown | hidden


def progress(job: Row | None) -> Row | None:
    """Where a job stands, with the gap of its best plan so far."""
    if job is None:
        return None
    told = {"phase": None, "value": None, "bound": None, "at": None, **job["progress"]}
    return {
        **told,
        "gap": gap(told["value"], told["bound"]),
        **{name: job[name] for name in ("state", "epoch", "started_at", "finished_at", "failure")},
    }


def gap(value: int | None, bound: int | None) -> float | None:
    """What the best plan so far may lack, as a share of the bound; None while one of them is not known."""
    return max(0.0, (bound - value) / bound) if value is not None and bound else None


def _statistics(conn: Connection, round_id: UUID, language: str) -> Row:
    standings = views.standings(conn, round_id)
    return {
        "requests": sum(row["requests"] for row in standings),
        "pupils": sum(row["pupils"] for row in standings),
        "by_state": standings,
        "refusals": [
            {**row, "text": _ending(row["code"], language)} for row in views.endings(conn, round_id)
        ],
        "unserved_reasons": [
            {**row, "text": fallen_text(row["code"], "", row["count"], language)}
            for row in views.unserved_reasons(conn, round_id)
        ],
    }


def _ending(code: str, language: str) -> str:
    """Why a match ended: matcher's own words, or those of the owner that refused."""
    if code in ENDED or code not in MESSAGES:
        return ended_text(code, language)
    return MESSAGES[code].text(language, {})


# -- matches


def list_matches(
    conn: Connection, party: Party, query: Mapping[str, Any], *, after: UUID | None, limit: int
) -> list[Row]:
    """Matches that the party may see, in order of their ids, one more than `limit`."""
    ids = views.match_ids(conn, _sight(party), _filters(query), after=after, limit=limit)
    return [dump(match) for match in matches.many(conn, ids)]


def read_match(conn: Connection, party: Party, match_id: UUID) -> Row:
    """One match. Raises NotFound where it is none of the party's business."""
    found = matches.get(conn, match_id) if views.sees(conn, _sight(party), match_id) else None
    if found is None:
        raise NotFound()
    return dump(found)


def summary(conn: Connection, party: Party, query: Mapping[str, Any]) -> Row:
    """Counts of what the party may see."""
    sight, filters = _sight(party), _filters(query)
    by_state = views.counts(conn, sight, filters)
    legs = views.legs_by_state(conn, sight, filters)
    return {
        "total": sum(row["matches"] for row in by_state),
        "by_state": by_state,
        "held_legs": legs.get("held", 0),
        "reserved_legs": legs.get("reserved", 0),
    }


def dump(match: Match) -> Row:
    """A match's members by name."""
    return {**{name: getattr(match, name) for name in match.__slots__}, "company": match.company}


def _filters(query: Mapping[str, Any]) -> Row:
    return {name: query.get(name) for name in _FILTERS}


def _sight(party: Party) -> Row:
    """What decides which matches a party sees; nobody's id where it has none."""
    school = party.role in ("teacher", "head")
    owner = party.role in ("venue", "coordinator")
    ours = party.organisation_id or _NOBODY
    return {
        "overseen": overseen(party),
        "school": ours if school else _NOBODY,
        "owner": ours if owner else _NOBODY,
        "expert": party.expert_id or _NOBODY,
    }


def overseen(party: Party) -> str:
    """A pattern of the adcodes that the party oversees; one that nothing matches for everybody else."""
    if party.role not in _OVERSEERS or party.area is None:
        return ""
    return f"{domain.area_trunk(party.area)}%"


# -- verdicts


def explain(conn: Connection, party: Party, *, request_id: UUID, language: str) -> Row:
    """What the last solve said of a request, for its school and its coordinators. Raises NotFound.

    A draft's verdict is a coordinator's alone until the round is published.
    """
    verdict = pool.verdict(conn, request_id)
    request = facts.request(conn, request_id)
    if verdict is None or request is None:
        raise NotFound()
    ours = oversees(party, request["adcode"])
    school = party.role in ("teacher", "head") and party.organisation_id == request["school_id"]
    told = verdict["round_state"] in (None, "published")
    if not ours and not (school and told):
        raise NotFound()
    return {
        **verdict,
        "reasons": [_reason(reason, language) for reason in verdict["reasons"]],
        "attempts": told_attempts(views.attempts(conn, request_id), language),
    }


def _reason(reason: Mapping[str, Any], language: str) -> Row:
    params = reason.get("params", {})
    text = fallen_text(reason["code"], reason["resource_kind"], reason["count"], language, params)
    return {**reason, "params": params, "text": text}


def told_attempts(rows: Iterable[Row], language: str) -> list[Row]:
    """Matches of a request, each with why it ended, if it did, in words."""
    return [
        {**row, "text": _ending(row["reason_code"], language) if row["reason_code"] else None} for row in rows
    ]


def at_once(conn: Connection, party: Party) -> Row:
    """The pool of the party's area."""
    return {
        "waiting": views.pool_size(conn, overseen(party), [*domain.LIVE, "delivered", "no_show"]),
        "solving": views.at_once_job_is_running(conn),
    }
