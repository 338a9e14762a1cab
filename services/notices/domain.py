"""Which facts are told to whom, until when they are worth telling, and when to try again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

State = Mapping[str, Any]

#: Mail is tried again after so many seconds; then it has failed.
MAIL_DELAYS = (15, 60, 300, 900, 3600, 3600 * 3, 3600 * 6, 3600 * 12)
#: People may come to be known a little later than what concerns them.
ADDRESS_DELAYS = (1, 2, 5, 10, 30, 60, 120, 300)
CLAIM_SECONDS = 120

SCHOOL_ROLES = ("teacher", "head")
OWNER_ROLES = ("venue", "head")


@dataclass(frozen=True)
class Audience:
    """A group of people: the members of an organisation in some roles, an expert, an area's coordinators."""

    organisation_id: str | None = None
    roles: tuple[str, ...] = ()
    expert_id: str | None = None
    area: str | None = None
    schools_in: str | None = None


@dataclass(frozen=True)
class Rule:
    """One kind of notice: for whom it is, whether by e-mail too, and whether it is still worth telling."""

    kind: str
    audiences: Callable[[State], list[Audience]]
    is_current: Callable[[State, datetime], bool]
    by_email: bool = False


def rules_for(event_type: str, state: State) -> list[Rule]:
    """The rules that an event sets off."""
    return [rule for rule, applies in RULES.get(event_type, ()) if applies(state)]


def rule_of(kind: str) -> Rule:
    """The rule of a kind of notice."""
    return _BY_KIND[kind]


def fact_key(kind: str, aggregate: str, aggregate_id: object, version: int) -> str:
    """What makes two deliveries of one fact the same."""
    return f"{kind}/{aggregate}/{aggregate_id}/{version}"


def asked(match: State) -> list[Audience]:
    """The parties that still have to answer an offer."""
    waiting = [a for a in match["agreements"] if a["needed"] and a["answer"] is None]
    return [_party(agreement) for agreement in waiting]


def everybody(match: State) -> list[Audience]:
    """The school and all who serve it."""
    parties = [_party(agreement) for agreement in match["agreements"]]
    legs = [_served_by(leg) for leg in match["legs"]]
    return list(dict.fromkeys([_school(match), *parties, *legs]))


def school_of(thing: State) -> list[Audience]:
    """The school that a match, request or verdict is about."""
    return [_school(thing)]


def _school(thing: State) -> Audience:
    return Audience(organisation_id=str(thing["school_id"]), roles=SCHOOL_ROLES)


def _party(agreement: State) -> Audience:
    if agreement["party"] == "expert" and agreement["expert_id"]:
        return Audience(expert_id=str(agreement["expert_id"]))
    roles = SCHOOL_ROLES if agreement["party"] == "school" else OWNER_ROLES
    return Audience(organisation_id=str(agreement["organisation_id"]), roles=roles)


def _served_by(leg: State) -> Audience:
    if leg["resource_kind"] == "expert":
        return Audience(expert_id=str(leg["resource_id"]))
    return Audience(organisation_id=str(leg["organisation_id"]), roles=OWNER_ROLES)


def coordinators(thing: State) -> list[Audience]:
    """Those who cover the place."""
    return [Audience(area=str(thing["adcode"]), roles=("coordinator",))]


def heads_in_area(round_: State) -> list[Audience]:
    """The heads of all schools in the round's area."""
    return [Audience(schools_in=str(round_["adcode"]), roles=("head",))]


def covering(adcode: str) -> list[str]:
    """The codes of the areas that cover a place: the district, the city, the province."""
    return list(dict.fromkeys([adcode[:6], adcode[:4] + "00", adcode[:2] + "0000"]))


def area_prefix(adcode: str) -> str:
    """What the codes of all divisions in `adcode` begin with."""
    groups = [adcode[:2], adcode[2:4], adcode[4:6], adcode[6:9], adcode[9:12]]
    while groups and not groups[-1].strip("0"):
        groups.pop()
    return "".join(groups)


def mail_delay(attempts: int) -> timedelta | None:
    """How long to wait after so many failed tries; None when it is enough."""
    return timedelta(seconds=MAIL_DELAYS[attempts - 1]) if attempts <= len(MAIL_DELAYS) else None


def address_delay(attempts: int) -> timedelta | None:
    """How long to wait for people to become known; None when it is enough."""
    return timedelta(seconds=ADDRESS_DELAYS[attempts - 1]) if attempts <= len(ADDRESS_DELAYS) else None


def _in_state(*states: str) -> Callable[[State, datetime], bool]:
    return lambda state, _: state["state"] in states


def _is_open_offer(match: State, now: datetime) -> bool:
    deadline = match["deadline"]
    return match["state"] == "offered" and (deadline is None or datetime.fromisoformat(deadline) > now)


def _always(_: State, __: datetime) -> bool:
    return True


def _any(_: State) -> bool:
    return True


def _was_confirmed(match: State) -> bool:
    return match["confirmed_at"] is not None


def _never_confirmed(match: State) -> bool:
    return match["confirmed_at"] is None


def _is_too_few(match: State) -> bool:
    return bool(match["company"]["people"] < match["company"]["least"])


def _is_enough(match: State) -> bool:
    return not _is_too_few(match)


def _is_unserved(verdict: State) -> bool:
    return bool(verdict["outcome"] == "unserved")


def _verdict_stands(verdict: State, _: datetime) -> bool:
    return _is_unserved(verdict)


OFFER = Rule("offer_awaits_answer", asked, _is_open_offer, by_email=True)
CONFIRMED = Rule("match_confirmed", everybody, _in_state("confirmed", "delivered"), by_email=True)
DECLINED = Rule("offer_declined", everybody, _in_state("declined"))
EXPIRED = Rule("offer_expired", everybody, _in_state("expired"))
OFFER_CANCELLED = Rule("offer_cancelled", everybody, _in_state("cancelled"))
CANCELLED = Rule("match_cancelled", everybody, _in_state("cancelled"), by_email=True)
SUPERSEDED = Rule("match_superseded", everybody, _in_state("superseded"))
DELIVERED = Rule("match_delivered", school_of, _in_state("delivered"))
COMPANY_CHANGED = Rule("company_changed", everybody, _in_state("offered", "confirming", "confirmed"))
BELOW_LEAST = Rule("company_below_least", everybody, _in_state("confirmed"), by_email=True)
UNSERVED = Rule("request_unserved", school_of, _verdict_stands, by_email=True)
ROUND_OPENED = Rule("round_opened", heads_in_area, _in_state("open"))
ROUND_DRAWN_UP = Rule("round_drawn_up", coordinators, _in_state("drawn_up"), by_email=True)
ROUND_PUBLISHED = Rule("round_published", coordinators, _in_state("published"))
ROUND_FAILED = Rule("round_failed", coordinators, _in_state("failed"), by_email=True)

Applies = Callable[[State], bool]
RULES: Mapping[str, Sequence[tuple[Rule, Applies]]] = {
    "match_offered": ((OFFER, _any),),
    "match_confirmed": ((CONFIRMED, _any),),
    "match_declined": ((DECLINED, _any),),
    "match_expired": ((EXPIRED, _any),),
    "match_cancelled": ((CANCELLED, _was_confirmed), (OFFER_CANCELLED, _never_confirmed)),
    "match_superseded": ((SUPERSEDED, _any),),
    "match_delivered": ((DELIVERED, _any),),
    "match_company_changed": ((COMPANY_CHANGED, _is_enough), (BELOW_LEAST, _is_too_few)),
    "verdict_given": ((UNSERVED, _is_unserved),),
    "round_opened": ((ROUND_OPENED, _any),),
    "round_drawn_up": ((ROUND_DRAWN_UP, _any),),
    "round_published": ((ROUND_PUBLISHED, _any),),
    "round_failed": ((ROUND_FAILED, _any),),
}
_BY_KIND = {rule.kind: rule for rules in RULES.values() for rule, _ in rules}
KINDS = tuple(sorted(_BY_KIND))
MAILED_KINDS = tuple(sorted(kind for kind, rule in _BY_KIND.items() if rule.by_email))
