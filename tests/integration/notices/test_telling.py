"""Who is told of what: once, in words, and only while it is still so."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.http.notices import NoticeView
from schemas.refusal import NotFound
from services.notices.usecases import showing
from tests.builders import facts
from tests.builders.facts import State
from tests.integration.notices.conftest import Office

WHEN = facts.NOW + timedelta(days=14)


class Story:
    """A school with two people, a museum, an expert and a district's coordinator; an offer among them."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.school = facts.school("桥北小学")
        owner = facts.organisation("赤峰博物馆")
        self.museum = facts.venue("赤峰博物馆", owner["id"])
        bureau = facts.organisation("红山区科协", "association")
        far = facts.organisation("林西县科协", "association", "150424")
        self.expert = facts.expert("李教授", owner["id"])
        self.teacher = facts.user("王老师", self.school["organisation_id"], "teacher")
        self.head = facts.user("赵校长", self.school["organisation_id"], "head", language="en")
        self.guide = facts.user("讲解员", owner["id"], "venue")
        self.scholar = facts.user("李教授", owner["id"], "expert", expert_id=self.expert["id"])
        self.coordinator = facts.user("张协调", bureau["id"], "coordinator")
        self.outsider = facts.user("外旗县", far["id"], "coordinator")
        programme = facts.programme("红山文化", owner["id"], self.museum["id"])
        agreements = [
            facts.agreement("school", self.school["organisation_id"]),
            facts.agreement("venue", owner["id"]),
            facts.agreement("expert", owner["id"], expert_id=self.expert["id"]),
        ]
        self.match = facts.match(self.school, [facts.leg(programme, WHEN)], agreements, title="红山文化")
        self.organisations = (
            owner,
            bureau,
            far,
            facts.organisation("桥北小学", "school", id=self.school["organisation_id"]),
        )
        self.people = (*(self.teacher, self.head, self.guide, self.scholar, self.coordinator, self.outsider),)

    def introduce(self) -> None:
        """Let the office know who there is."""
        for organisation in self.organisations:
            self.office.hear("organisation", organisation)
        for person in self.people:
            self.office.hear("user", person)
        self.office.hear("venue", self.museum)
        self.office.hear("expert", self.expert)

    def offer(self, **known: Any) -> None:
        """Let the office hear of the offer."""
        self.office.hear("match", {**self.match, **known}, type_="match_offered", version=3)

    def become(self, state: str, version: int, **known: Any) -> None:
        """Let the match move on."""
        moved = {**self.match, "state": state, **known}
        self.office.hear("match", moved, type_=f"match_{state}", version=version)


@pytest.fixture
def story(office: Office) -> Story:
    """The story, with everybody introduced."""
    story = Story(office)
    story.introduce()
    return story


def test_an_offer_is_told_to_all_who_must_answer(story: Story) -> None:
    story.offer()
    story.office.tell()
    for person in (story.teacher, story.head, story.guide, story.scholar):
        assert story.office.kinds(person) == ["offer_awaits_answer"]
    for person in (story.coordinator, story.outsider):
        assert story.office.kinds(person) == []


def test_a_notice_says_what_when_and_where_in_the_readers_language(story: Story) -> None:
    story.offer()
    story.office.tell()
    (zh,), (en,) = story.office.inbox(story.teacher), story.office.inbox(story.teacher, "en")
    assert NoticeView().validate(NoticeView().dump(zh)) == {}
    assert "赤峰博物馆" in zh["body"]
    assert "2026-12-08" in zh["body"]
    assert en["title"].startswith("Please answer: 红山文化")
    assert zh["path"] == f"/matches/{story.match['id']}"


def test_one_fact_is_told_once_however_often_it_comes(story: Story) -> None:
    for _ in range(3):
        story.offer()
        story.office.tell()
    assert story.office.kinds(story.teacher) == ["offer_awaits_answer"]
    story.office.deliver()
    story.office.deliver()
    assert len(story.office.letters(story.teacher)) == 1


def test_what_is_republished_is_known_but_no_news(story: Story) -> None:
    story.office.hear("match", story.match, type_="match_republished", version=3)
    assert story.office.tell() == 0


def test_an_offer_that_is_over_is_not_told(story: Story) -> None:
    story.offer()
    story.become("expired", 4)
    story.office.tell()
    assert story.office.kinds(story.teacher) == ["offer_expired"]


def test_an_offer_past_its_deadline_is_not_told(story: Story) -> None:
    story.offer()
    story.office.wait(days=3)
    story.office.tell()
    assert story.office.kinds(story.teacher) == []


def test_an_older_version_does_not_bring_an_offer_back(story: Story) -> None:
    story.become("cancelled", 5)
    story.offer()
    story.office.tell()
    assert story.office.kinds(story.teacher) == ["offer_cancelled"]


def test_people_may_come_to_be_known_later(office: Office) -> None:
    story = Story(office)
    story.offer()
    office.tell()
    assert office.kinds(story.teacher) == []
    story.introduce()
    office.wait(seconds=5)
    office.tell()
    assert office.kinds(story.teacher) == ["offer_awaits_answer"]


def test_nobody_is_waited_for_for_ever(office: Office) -> None:
    story = Story(office)
    story.offer(deadline=None)
    for _ in range(20):
        office.tell()
        office.wait(minutes=10)
    assert office.tell() == 0
    with office.store.read() as conn:
        (row,) = conn.execute("select state from announcement").fetchall()
    assert row["state"] == "unaddressed"


def test_a_round_is_told_to_coordinators_and_heads_of_its_area(story: Story) -> None:
    round_ = facts.round_("150402")
    story.office.hear("round", round_, type_="round_opened")
    story.office.tell()
    assert story.office.kinds(story.head) == ["round_opened"]
    assert story.office.kinds(story.teacher) == []
    story.office.hear("round", {**round_, "state": "drawn_up"}, type_="round_drawn_up", version=2)
    story.office.tell()
    assert story.office.kinds(story.coordinator) == ["round_drawn_up"]
    assert story.office.kinds(story.outsider) == []


def test_a_school_hears_why_nothing_was_found(story: Story) -> None:
    request = facts.request(story.school)
    story.office.hear("verdict", facts.verdict(request))
    story.office.tell()
    (notice,) = story.office.inbox(story.teacher)
    assert "超出距离上限" in notice["body"]
    assert notice["path"] == f"/requests/{request['id']}"
    assert story.office.kinds(story.guide) == []


def test_who_has_left_is_not_told(story: Story) -> None:
    story.office.hear("user", {**story.teacher, "active": False}, version=2)
    story.office.hear("user", {**story.guide, "memberships": []}, version=2)
    story.offer()
    story.office.tell()
    assert story.office.kinds(story.teacher) == story.office.kinds(story.guide) == []


def test_two_tellers_at_once_tell_once(story: Story) -> None:
    for _ in range(20):
        match = {**story.match, "id": facts.some_id()}
        story.office.hear("match", match, type_="match_offered", version=3)
    tellers = [threading.Thread(target=story.office.tell) for _ in range(4)]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()
    story.office.tell()
    assert len(story.office.inbox(story.teacher)) == 20


def test_reading_marks_ones_own_notices_alone(story: Story) -> None:
    story.offer()
    story.office.tell()
    mine, others = _first(story, story.teacher), _first(story, story.guide)
    user = UUID(story.teacher["id"])
    with story.office.store.transaction() as conn:
        assert showing.counts(conn, user) == {"total": 1, "unread": 1}
        read = showing.read(conn, user, mine, language="zh", now=story.office.now())
        again = showing.read(conn, user, mine, language="zh", now=story.office.now() + timedelta(hours=1))
        assert read["read_at"] == again["read_at"] == story.office.now()
        assert showing.counts(conn, user) == {"total": 1, "unread": 0}
        with pytest.raises(NotFound):
            showing.read(conn, user, others, language="zh", now=story.office.now())
    with story.office.store.transaction() as conn:
        assert showing.read_all(conn, UUID(story.guide["id"]), now=story.office.now())["unread"] == 0


def _first(story: Story, person: State) -> Any:
    return story.office.inbox(person)[0]["id"]
