"""Who reads what of an explanation, in words: its school, a venue, and who oversees its area."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas import explanations as texts
from schemas.reasons import Reason, rearranged_text
from schemas.refusal import NotFound
from schemas.topics import TOPICS
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.engine.lot import alias_of, lot_of
from services.matcher.storage import explanations, facts, hands, lots, pool, rearranged, rounds
from services.matcher.storage import views as rows
from services.matcher.usecases import views
from services.matcher.usecases.offering import Party

Row = dict[str, Any]
# Of the price of what a hand did: what an owner, a school, and who oversees the area reads.
_OF_OWNERS = ("before", "after")
_OF_SCHOOLS = (*_OF_OWNERS, "wanted", "taken", "cost")
_ALL = (*_OF_SCHOOLS, "plan_before", "plan_after")
_NOTHING: Row = {"why": None, "contest": None, "changes": []}


def explain(conn: Connection, party: Party, *, request_id: UUID, language: str) -> Row:
    """What the last solve said of a request, as far as it is the party's business. Raises NotFound.

    Its school and who oversees its area read everything; a venue, of what is given with its own resources,
    what counted and which others of its own there were.
    """
    if party.role == "venue":
        return _to_an_owner(conn, party, request_id, language)
    said = views.explain(conn, party, request_id=request_id, language=language)
    told = _in_words(conn, _kept(conn, request_id, said["job_id"]), language)
    ours = views.oversees(party, said["adcode"])
    more = {
        "rearranged": _rearranged(conn, request_id, language),
        "by_hand": _by_hand(hands.of_request(conn, request_id), _ALL if ours else _OF_SCHOOLS, language),
        "lot": _lot(conn, request_id, language),
    }
    return {**said, **told, **more}


def _rearranged(conn: Connection, request_id: UUID, language: str) -> Row | None:
    found = rearranged.latest(conn, request_id)
    return {**found, "text": rearranged_text(found["code"], language)} if found else None


def _by_hand(found: Row | None, members: Collection[str], language: str) -> Row | None:
    """Who set the match, why, and of the price these members; a draft is only for those who see them all."""
    if found is None or (not found["version"] and members is not _ALL):
        return None
    code = f"{found['act'] or 'set'}_by_hand"
    price: Row = found["price"] or {}
    told = {name: price.get(name) if name in members else None for name in _ALL}
    return {
        **{name: found[name] for name in ("match_id", "reason")},
        **told,
        "code": code,
        "set_at": found["moved_at"],
        "text": texts.text_of(texts.SET_BY_HAND, code, language, **told) + _cost_of_hand(told, language),
    }


def _cost_of_hand(told: Row, language: str) -> str:
    """What it took from others, as far as that is known and told."""
    others = texts.SET_BY_HAND_OTHERS.text(language, **told) if told["wanted"] else ""
    cost = texts.BY_HAND_COST.text(language, **told) if told["cost"] is not None else ""
    return others + cost


def _lot(conn: Connection, request_id: UUID, language: str) -> Row | None:
    """What was drawn for a request, and under which alias and number the papers of its round speak of it."""
    found = lots.get(conn, request_id)
    if found is None:
        return None
    alias = alias_of(found["salt"], request_id)
    its = {"number": found["number"], "of": found["of"], "alias": alias, "lot": lot_of(found["seed"], alias)}
    return {**its, "seed": found["seed"], "text": texts.LOT.text(language, **its)}


def additions(conn: Connection, party: Party, *, round_id: UUID, language: str) -> Row:
    """The best additions to a round, for who oversees its area. Raises NotFound."""
    row = rounds.get(conn, round_id)
    if row is None:
        raise NotFound()
    if not views.oversees(party, row["adcode"]):
        raise NotFound()
    found = explanations.additions(conn, round_id)
    if found is None:
        nothing: Row = {"made_at": None, "unserved": 0, "helped": 0, "whole": False, "additions": []}
        return {"round_id": round_id, **nothing}
    names = _districts(conn, found["additions"])
    return {**found, "additions": [_addition(each, names, language) for each in found["additions"]]}


def _kept(conn: Connection, request_id: UUID, job_id: UUID) -> Row:
    """What was told after the solve that gave the verdict; nothing of a match that was set by hand."""
    found = explanations.get(conn, request_id, job_id)
    if found is None or found["by_hand"]:
        return _NOTHING
    told: Row = found["told"]
    return told


def _to_an_owner(conn: Connection, party: Party, request_id: UUID, language: str) -> Row:
    verdict, request = pool.verdict(conn, request_id), facts.request(conn, request_id)
    ours = party.organisation_id
    matches = explanations.published_legs(conn, request_id, ours) if ours else []
    if verdict is None or request is None or not matches:
        raise NotFound()
    attempts = [row for row in rows.attempts(conn, request_id) if row["match_id"] in matches]
    told = _of_owner(_kept(conn, request_id, verdict["job_id"]), str(ours))
    said = {**verdict, "candidates": 0, "reasons": [], "attempts": views.told_attempts(attempts, language)}
    by_hand = hands.of_request(conn, request_id)
    if by_hand and by_hand["match_id"] not in matches:
        by_hand = None
    more = {"rearranged": None, "lot": None, "by_hand": _by_hand(by_hand, _OF_OWNERS, language)}
    return {**said, **_in_words(conn, told, language), **more}


def _of_owner(told: Row, owner: str) -> Row:
    """What counted for a match, as far as an organisation's own resources are concerned."""
    why = told["why"]
    suits = [each for each in why["suits"] if each["organisation_id"] == owner] if why else []
    if not suits:
        return _NOTHING
    others = [each for each in why["alternatives"] if set(each["organisation_ids"]) == {owner}]
    return {**_NOTHING, "why": {**why, "suits": suits, "alternatives": others}}


# -- in words


def _in_words(conn: Connection, told: Row, language: str) -> Row:
    names = _districts(conn, told["changes"])
    return {
        "why": why(told["why"], language) if told["why"] else None,
        "contest": _contest(told["contest"], language) if told["contest"] else None,
        "changes": [_change(each, names, language) for each in told["changes"]],
    }


def why(why: Row, language: str) -> Row:
    """What counted for a match, in words; with whom it comes, without saying who that is."""
    known = {name: value for name, value in why.items() if name not in ("groups", "people")}
    together = texts.TOGETHER.text(language, **_plain(why)) if why.get("groups", 1) > 1 else ""
    return {
        **known,
        "text": texts.COUNTED.text(language, **_plain(why))
        + _split(why, language)
        + _liked(why, language)
        + together,
        "needs": [_with_text(texts.NEEDS, each, language) for each in why["needs"]],
        "suits": [_suits(each, language) for each in why["suits"]],
        "alternatives": [
            _in_parts(_with_text(texts.ALTERNATIVES, _dated(each), language), language)
            for each in why["alternatives"]
        ],
    }


def _split(why: Row, language: str) -> str:
    """What was lost because the group comes in parts; nothing is said of one that comes whole."""
    return texts.SPLIT.text(language, split=why["split"]) if why.get("split") else ""


def _liked(why: Row, language: str) -> str:
    """Which choice and which window it is, where the school said an order."""
    return "".join(
        texts.LIKED[one if why[one] else f"no_{one}"].text(language, **_plain(why))
        for one, many in (("choice", "choices"), ("window", "windows"))
        if why.get(many)
    )


def _in_parts(row: Row, language: str) -> Row:
    """With the number of parts of a way that has several, but where the change is about them."""
    parts = row.get("parts", 1)
    said = texts.IN_PARTS.text(language, parts=parts) if parts > 1 and row["code"] != "in_parts" else ""
    return {**row, "parts": parts, "text": row["text"] + said}


def _suits(suits: Row, language: str) -> Row:
    lost = {name: suits[name] for name in ("topic", "distance", "km")}
    return {**suits, "text": texts.SUITS.text(language, spoken=suits["language"], **lost)}


def _contest(contest: Row, language: str) -> Row:
    text = texts.KEPT if contest.get("kept") else texts.CONTEST
    return {**contest, "text": text.text(language, **contest)}


def _change(change: Row, names: Mapping[str, str], language: str) -> Row:
    row = _dated(change)
    text = texts.text_of(texts.CHANGES, row["code"], language, **_words(row, names, language))
    moved = texts.MOVED.text(language, moved=row["moved"]) if row["moved"] else ""
    return _in_parts({**row, "text": text + moved}, language)


def _addition(addition: Row, names: Mapping[str, str], language: str) -> Row:
    words = _words({**addition, "date": addition["day"]}, names, language)
    text = texts.text_of(texts.ADDITIONS, addition["code"], language, **words)
    return {**addition, "text": texts.WORTH.text(language, **{**_plain(addition), "text": text})}


def _with_text(table: Mapping[str, Reason], row: Row, language: str) -> Row:
    return {**row, "text": texts.text_of(table, row["code"], language, **_plain(row))}


def _plain(row: Row) -> Row:
    """The members that a text may name."""
    return {name: value for name, value in row.items() if isinstance(value, (int, str))}


def _words(row: Row, names: Mapping[str, str], language: str) -> Row:
    topic = TOPICS.get(row["topic"] or "")
    said = {"topic": (topic.en if language == "en" else topic.zh) if topic else row["topic"]}
    area = names.get(row["adcode"] or "", row["adcode"])
    title = row["title"] or texts.SOMEBODY.text(language)
    return {"amount": 0, **_plain(row), **said, "area": area, "title": title}


def _dated(row: Row) -> Row:
    """With its beginning as a moment, and as a day of the region's calendar."""
    start = datetime.fromisoformat(row["starts_at"])
    return {**row, "starts_at": start, "date": start.astimezone(domain.SHANGHAI).date().isoformat()}


def _districts(conn: Connection, told: Iterable[Row]) -> dict[str, str]:
    adcodes = {row["adcode"] for row in told if row["adcode"]}
    return explanations.district_names(conn, adcodes) if adcodes else {}
