"""What demand publishes is what its examples say; it reads what accounts and matcher publish."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.events.demand import EVENTS
from services.chassis.auth import Actor
from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from services.chassis.trace import tracing
from services.demand.usecases import calendar, hearing, requests, schools
from tests.builders import demand as made
from tests.contracts import golden
from tests.fixtures.scratch import Scratch

NOW = made.NOW
LATER = NOW + timedelta(minutes=5)
SCHOOL = UUID(int=0xB1)
VENUE = UUID(int=0xC1)
TEACHER = Actor(UUID(int=0xA4), SCHOOL, "teacher", "王老师")


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    return scratch("demand")


def publish(store: Store) -> dict[str, golden.Message]:
    """Do and hear everything once that demand tells of."""
    with store.transaction() as conn:
        made.the_year(conn)
        term = {"adcode": "150400", "name": "春季学期（演示）", "demonstration": True}
        term |= {"first_day": date(2027, 3, 1), "last_day": date(2027, 7, 10)}
        calendar.load_terms(conn, now=NOW, actor=TEACHER, items=[term], if_version=None)
        register(conn)
        edit_and_withdraw(conn)
        match_to_the_end(conn, "delivered")
        match_to_the_end(conn, "no_show")
        return golden.first_of_each_type(conn)


def register(conn: Connection) -> None:
    made.an_organisation(conn, id=SCHOOL, name="演示小学", township="150402001000")
    rest = {"rural": True, "code": None, "auto_accept": False, "demonstration": True}
    schools.register_school(
        conn,
        now=NOW,
        mandate=made.mandate_of(SCHOOL, "head"),
        actor=TEACHER,
        item={"organisation_id": SCHOOL, **rest, **made.school_body()},
        if_version=None,
    )
    made.an_organisation(conn, id=SCHOOL, version=2, name="演示中心小学", township="150402001000")


def submit(conn: Connection) -> dict[str, Any]:
    choices = [made.choice(topic="aerospace"), made.choice(venue_id=VENUE)]
    texts = {"preferences": "有两名学生使用轮椅", "contact": "0476-1234567"}
    wish = made.wish(choices=choices, windows_ranked=True, **texts)
    return requests.submit_request(conn, now=NOW, mandate=made.mandate_of(SCHOOL), actor=TEACHER, item=wish)


def edit_and_withdraw(conn: Connection) -> None:
    request = submit(conn)
    who: dict[str, Any] = {"mandate": made.mandate_of(SCHOOL), "actor": TEACHER, "request_id": request["id"]}
    requests.edit_request(conn, now=LATER, if_version=1, change={"group_size": 60}, **who)
    requests.withdraw_request(conn, now=LATER, if_version=2, reason="班级有变", **who)


def match_to_the_end(conn: Connection, end: str) -> None:
    request = submit(conn)
    hearing.follow_verdict(conn, now=LATER, state=made.verdict_state(request), version=1)
    hearing.follow_verdict(conn, now=LATER, state=made.verdict_state(request, "matched"), version=2)
    match = new_id()
    for version, state in enumerate(("offered", "confirmed", end), 1):
        fact = made.match_state(request, state, match)
        hearing.follow_match(conn, now=LATER, state=fact, version=version)


def test_demand_publishes_what_its_examples_say(store: Store) -> None:
    with tracing("0af7651916cd43dd8448eb211c80319c"), made.being_demand():
        golden.check("demand", publish(store))


def test_the_schemas_read_the_examples_without_loss() -> None:
    for message in golden.examples("demand"):
        schema = EVENTS[message["type"]][1]()
        assert schema.dump(schema.load(message["data"])) == message["data"]


def test_the_contact_stays_in_demand() -> None:
    assert all("contact" not in message["data"] for message in golden.examples("demand"))


def heard(conn: Connection, message: golden.Message) -> None:
    """Hear one message as demand's consumer does."""
    fact: dict[str, Any] = {"state": message["data"], "version": message["version"]}
    if message["aggregate"] == "organisation":
        schools.follow_organisation(conn, now=NOW, **fact)
    elif message["aggregate"] == "round":
        hearing.follow_round(conn, **fact)
    elif message["aggregate"] == "match":
        hearing.follow_match(conn, now=NOW, **fact)
    elif message["aggregate"] == "verdict":
        hearing.follow_verdict(conn, now=NOW, **fact)


@pytest.mark.parametrize(
    ("owner", "aggregate"),
    [("accounts", "organisation"), ("matcher", "round"), ("matcher", "match"), ("matcher", "verdict")],
)
def test_demand_reads_what_others_publish(store: Store, owner: str, aggregate: str) -> None:
    messages = [each for each in golden.examples(owner) if each["aggregate"] == aggregate]
    assert messages
    with made.being_demand(), store.transaction() as conn:
        for message in messages:
            heard(conn, message | {"data": _about_ours(conn, message["data"])})


def _about_ours(conn: Connection, state: dict[str, Any]) -> dict[str, Any]:
    """The state, about a request that demand has."""
    if "request_id" not in state:
        return state
    request = made.a_request(conn, made.a_school(conn))
    return state | {"request_id": str(request["id"])}
