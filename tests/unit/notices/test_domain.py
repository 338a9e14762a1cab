"""Who hears of what, and until when it is worth telling."""

from __future__ import annotations

from datetime import timedelta

from services.notices import domain
from services.notices.domain import Audience
from tests.builders import facts

_SCHOOL = facts.school("桥北小学")
_PROGRAMME = facts.programme("红山文化", facts.some_id())


def _match(**known: object) -> facts.State:
    museum, expert = _PROGRAMME["organisation_id"], facts.some_id()
    agreements = [
        facts.agreement("school", _SCHOOL["organisation_id"], needed=False),
        facts.agreement("venue", museum, answer="accept"),
        facts.agreement("expert", facts.some_id(), expert_id=expert),
    ]
    return facts.match(_SCHOOL, [facts.leg(_PROGRAMME, facts.NOW)], agreements, **known)


def test_an_offer_is_put_to_those_who_still_have_to_answer() -> None:
    match = _match()
    assert domain.asked(match) == [Audience(expert_id=match["agreements"][2]["expert_id"])]


def test_what_is_confirmed_concerns_everybody_once() -> None:
    match = _match()
    assert len(domain.everybody(match)) == 3
    assert domain.everybody(match)[0].organisation_id == _SCHOOL["organisation_id"]


def test_an_offer_is_worth_telling_until_its_deadline() -> None:
    rule, match = domain.OFFER, _match()
    assert rule.is_current(match, facts.NOW)
    assert not rule.is_current(match, facts.NOW + timedelta(days=3))
    assert not rule.is_current({**match, "state": "expired"}, facts.NOW)


def test_a_cancelled_offer_is_another_notice_than_a_cancelled_activity() -> None:
    offer, agreed = _match(state="cancelled"), facts.confirmed(_match(), state="cancelled")
    assert [rule.kind for rule in domain.rules_for("match_cancelled", offer)] == ["offer_cancelled"]
    assert [rule.kind for rule in domain.rules_for("match_cancelled", agreed)] == ["match_cancelled"]


def test_nobody_is_told_of_what_has_no_rule() -> None:
    assert domain.rules_for("match_holding", _match()) == []
    assert domain.rules_for("match_republished", _match()) == []


def test_tries_grow_rarer_and_end() -> None:
    delays = [domain.mail_delay(attempt) for attempt in range(1, len(domain.MAIL_DELAYS) + 2)]
    known = [delay for delay in delays if delay is not None]
    assert known == sorted(known)
    assert delays[-1] is None
