"""E-mails go out once, are tried again when they surely did not, and say nothing that is no longer so."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller

from services.notices.domain import MAIL_DELAYS
from services.notices.mail import Postbox
from services.notices.storage import deliveries
from services.notices.usecases import showing
from tests.integration.notices.conftest import Office
from tests.integration.notices.test_telling import Story


@pytest.fixture
def story(office: Office) -> Story:
    """An offer that has been told: e-mails wait for four people."""
    story = Story(office)
    story.introduce()
    story.offer()
    office.tell()
    return story


def test_an_offer_reaches_everybody_by_mail_in_their_language(story: Story) -> None:
    story.office.deliver()
    (zh,), (en,) = story.office.letters(story.teacher), story.office.letters(story.head)
    assert zh["subject"] == "请确认：红山文化（桥北小学）"
    assert en["subject"] == "Please answer: 红山文化 for 桥北小学"
    assert f"/matches/{story.match['id']}" in zh["body"]
    assert story.office.states() == ["sent"] * 4


def test_a_mail_that_is_no_longer_true_is_not_sent(story: Story) -> None:
    story.become("cancelled", 4)
    story.office.deliver()
    assert story.office.letters(story.teacher) == []
    assert story.office.states() == ["dropped"] * 4


def test_who_has_answered_is_not_asked_by_mail(story: Story) -> None:
    agreements = [dict(agreement) for agreement in story.match["agreements"]]
    agreements[1]["answer"] = "accept"
    story.office.hear("match", {**story.match, "agreements": agreements}, type_="match_answered", version=4)
    story.office.deliver()
    assert story.office.letters(story.guide) == []
    assert len(story.office.letters(story.teacher)) == 1


def test_who_does_not_want_it_gets_no_mail(story: Story) -> None:
    with story.office.store.transaction() as conn:
        showing.prefer(conn, UUID(story.teacher["id"]), ["offer_awaits_answer"])
    story.office.deliver()
    assert story.office.letters(story.teacher) == []
    assert len(story.office.letters(story.guide)) == 1
    assert story.office.kinds(story.teacher) == ["offer_awaits_answer"]


def test_what_only_informs_is_not_mailed(story: Story) -> None:
    story.office.deliver()
    story.become("declined", 4)
    story.office.tell()
    story.office.deliver()
    assert story.office.kinds(story.teacher) == ["offer_awaits_answer", "offer_declined"]
    assert len(story.office.letters(story.teacher)) == 1


def test_a_mail_waits_for_a_server_that_is_away(story: Story) -> None:
    nobody = Postbox(f"127.0.0.1:{_closed_port()}", "KeQiao <notices@example.org>", "http://example.org")
    story.office.deliver(nobody)
    assert story.office.states() == ["waiting"] * 4
    assert story.office.deliver() == 0
    story.office.wait(seconds=MAIL_DELAYS[0] + 1)
    story.office.deliver()
    assert story.office.states() == ["sent"] * 4
    assert len(story.office.letters(story.teacher)) == 1


def test_a_mail_is_given_up_in_the_end(story: Story) -> None:
    nobody = Postbox(f"127.0.0.1:{_closed_port()}", "KeQiao <notices@example.org>", "http://example.org")
    story.office.hear("match", {**story.match, "deadline": None}, type_="match_answered", version=4)
    for delay in (*MAIL_DELAYS, 0):
        story.office.deliver(nobody)
        story.office.wait(seconds=delay + 1)
    assert story.office.states() == ["failed"] * 4


class _Unwilling:
    """A server that answers the content with what it was told to."""

    def __init__(self, answer: str) -> None:
        self.answer, self.contents = answer, 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.contents += 1
        if self.answer == "hang up":
            server.transport.abort()
        return self.answer


@contextmanager
def _server(answer: str) -> Iterator[tuple[_Unwilling, Postbox]]:
    handler, port = _Unwilling(answer), _closed_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, Postbox(f"127.0.0.1:{port}", "KeQiao <notices@example.org>", "http://example.org")
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("answer", "state"),
    [("550 no such user", "failed"), ("451 later", "waiting"), ("hang up", "uncertain")],
)
def test_what_the_server_says_decides(story: Story, answer: str, state: str) -> None:
    with _server(answer) as (handler, postbox):
        story.office.deliver(postbox)
        assert story.office.states() == [state] * 4
        story.office.wait(seconds=MAIL_DELAYS[0] + 1)
        story.office.deliver(postbox)
    assert handler.contents == (8 if state == "waiting" else 4)


def test_a_mail_whose_sender_died_on_the_way_is_not_sent_again(story: Story) -> None:
    with story.office.store.transaction() as conn:
        until = story.office.now()
        (one, *_) = deliveries.claim(conn, now=until, until=until, limit=10)
        assert deliveries.begin_sending(conn, one["id"], claimed_until=until)
    story.office.wait(seconds=1)
    story.office.deliver()
    assert sorted(story.office.states()) == ["sent", "sent", "sent", "uncertain"]


def test_two_postmen_at_once_send_one_letter(story: Story) -> None:
    postmen = [threading.Thread(target=story.office.deliver) for _ in range(4)]
    for postman in postmen:
        postman.start()
    for postman in postmen:
        postman.join()
    for person in (story.teacher, story.head, story.guide, story.scholar):
        assert len(story.office.letters(person)) == 1


def test_letters_and_states_name_no_token(story: Story) -> None:
    story.office.deliver()
    (letter,) = story.office.letters(story.teacher)
    assert "token" not in str(letter).lower()
    with story.office.store.read() as conn:
        (row, *_) = deliveries.listed(conn, state="sent", after=None, limit=1)
    assert story.teacher["email"] not in str(row)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
