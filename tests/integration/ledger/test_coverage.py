"""Who was reached and who was not: by area and by kind of activity, for those who may see it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest

from schemas.http.coverage import Comparison, Coverage, UnservedSchool
from schemas.http.ledger import LedgerEntry, LedgerEntryWithActs, TrailRow
from schemas.refusal import Forbidden, NotFound
from services.chassis import sheets
from services.chassis.auth import Caller, Membership
from services.ledger import columns as shown
from services.ledger import domain
from services.ledger.domain import Scope
from services.ledger.usecases import answering, exporting
from tests.builders import facts
from tests.builders.facts import State
from tests.integration.ledger.conftest import Book

ALWAYS = domain.period(None, None)
CITY = Scope(area="1504")
WHEN = facts.NOW + timedelta(days=14)


class Story:
    """Three schools in two districts; one was served by a museum, one was cancelled, one never asked."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.served = facts.school("桥北小学", "150402", enrolment=400)
        self.cancelled = facts.school("美丽河小学", "150403", rural=True)
        self.quiet = facts.school("马林小学", "150403", enrolment=100)
        owner = facts.organisation("赤峰博物馆")
        self.museum = facts.venue("赤峰博物馆", owner["id"])
        self.programme = facts.programme(
            "红山文化", owner["id"], self.museum["id"], plan_task="馆校结合行动", topics=["archaeology"]
        )
        self.done = self._match(self.served, topics=["archaeology"])
        self.gone = self._match(self.cancelled)
        for adcode, name in (("150402", "红山区"), ("150403", "元宝山区")):
            book.tell("district", facts.district(adcode, name))
        for school in (self.served, self.cancelled, self.quiet):
            book.tell("school", school)
        for aggregate, state in (
            ("organisation", owner),
            ("venue", self.museum),
            ("programme", self.programme),
            ("match", self.done),
            ("match", self.gone),
        ):
            book.tell(aggregate, state)
        book.tell("match", {**self.gone, "state": "cancelled"}, version=2, type_="match_cancelled")

    def _match(self, school: State, **known: Any) -> State:
        match = facts.match(school, [facts.leg(self.programme, WHEN)], title="红山文化", **known)
        return facts.confirmed(match)

    def deliver(self) -> None:
        """The museum says that the class came."""
        delivered = {**self.done, "state": "delivered", "delivered_at": facts.iso(WHEN)}
        who = {"user_id": None, "organisation_id": None, "role": "venue", "name": "讲解员"}
        self.book.tell("match", delivered, version=2, type_="match_delivered", actor=who)

    def coverage(self, by: str, scope: Scope = CITY, basis: str = "all") -> dict[str, Any]:
        """Coverage, checked against its contract."""
        with self.book.reading() as conn:
            found = answering.coverage(conn, scope=scope, dimension=by, basis=basis, period=ALWAYS)
        assert not Coverage().validate(Coverage().dump(found))
        return found

    def rows(self, by: str, **asked: Any) -> dict[str, dict[str, Any]]:
        """Coverage's rows by value."""
        return {row["value"]: row for row in self.coverage(by, **asked)["rows"]}


@pytest.fixture
def story(new_book: Callable[[], Book]) -> Story:
    """The story, told to a ledger of its own."""
    return Story(new_book())


def test_coverage_by_district_counts_unserved_schools_too(story: Story) -> None:
    rows = story.rows("district")
    assert rows["150402"] | {"name": "红山区"} == rows["150402"]
    assert (rows["150402"]["schools"], rows["150402"]["served"], rows["150402"]["reached"]) == (1, 1, 40)
    assert rows["150402"]["per_thousand"] == 100.0
    assert (rows["150403"]["schools"], rows["150403"]["served"], rows["150403"]["never_served"]) == (2, 0, 2)


def test_the_total_is_that_of_the_scope(story: Story) -> None:
    total = story.coverage("district")["total"]
    assert (total["schools"], total["served"], total["activities"], total["reached"]) == (3, 1, 1, 40)
    assert story.coverage("district", Scope(area="150403"))["total"]["activities"] == 0


@pytest.mark.parametrize(
    ("by", "value", "reached"),
    [
        ("township", "150402001000", 40),
        ("stage", "P", 40),
        ("rural", "urban", 40),
        ("topic", "archaeology", 40),
        ("resource_kind", "slot", 40),
        ("kind", "visit", 40),
        ("plan_task", "馆校结合行动", 40),
        ("grade", "4", 20),
        ("grade", "1", 0),
    ],
)
def test_coverage_is_split_in_other_ways(story: Story, by: str, value: str, reached: int) -> None:
    assert story.rows(by)[value]["reached"] == reached


def test_what_is_delivered_counts_apart(story: Story) -> None:
    assert story.coverage("district", basis="delivered")["total"]["activities"] == 0
    story.deliver()
    assert story.coverage("district", basis="delivered")["total"]["activities"] == 1
    assert story.coverage("district", basis="confirmed")["total"]["activities"] == 0


def test_a_period_counts_activities_that_begin_in_it(story: Story) -> None:
    day = WHEN.date()
    with story.book.reading() as conn:
        for period, expected in (
            (domain.period(day, day), 1),
            (domain.period(day + timedelta(days=1), None), 0),
            (domain.period(None, day - timedelta(days=1)), 0),
        ):
            found = answering.coverage(conn, scope=CITY, dimension="district", basis="all", period=period)
            assert found["total"]["activities"] == expected
    with pytest.raises(domain.PeriodReversed):
        domain.period(date(2026, 12, 2), date(2026, 12, 1))


def test_never_served_schools_are_named_to_who_covers_them(story: Story) -> None:
    assert _never(story, CITY) == ["美丽河小学", "马林小学"]
    assert _never(story, Scope(area="150402")) == []
    assert _never(story, Scope(organisation_id=UUID(story.quiet["organisation_id"]))) == ["马林小学"]
    assert _never(story, Scope(organisation_id=UUID(story.served["organisation_id"]))) == []
    assert _never(story, Scope(expert_id=uuid4())) == []


def _never(story: Story, scope: Scope) -> list[str]:
    with story.book.reading() as conn:
        rows = answering.never_served(conn, scope=scope, basis="all", period=ALWAYS, after=None, limit=50)
    assert not any(UnservedSchool().validate(UnservedSchool().dump(row)) for row in rows)
    return sorted(row["name"] for row in rows)


def _caller(role: str, area: str, organisation: str | None = None) -> Caller:
    organisation_id = UUID(organisation) if organisation else uuid4()
    membership = Membership(organisation_id, "association", "某单位", role, area, None)
    return Caller(uuid4(), "某人", (membership,), membership)


def test_the_area_to_lift_is_told_to_coordinators_alone(story: Story) -> None:
    with story.book.reading() as conn:
        city = answering.comparison(conn, caller=_caller("coordinator", "150400"), basis="all", period=ALWAYS)
        assert not Comparison().validate(Comparison().dump(city))
        assert (city["to_lift"]["name"], city["best_covered"]["name"]) == ("元宝山区", "红山区")
        district = answering.comparison(
            conn, caller=_caller("coordinator", "150403"), basis="all", period=ALWAYS
        )
        assert district["by"] == "township"
        for role in ("teacher", "head", "venue", "operator"):
            with pytest.raises(Forbidden):
                answering.comparison(conn, caller=_caller(role, "150400"), basis="all", period=ALWAYS)


def test_everybody_else_sees_what_they_took_part_in(story: Story) -> None:
    school = _caller("teacher", "150402", story.served["organisation_id"])
    museum = _caller("venue", "150402", story.museum["organisation_id"])
    stranger = _caller("venue", "150402")
    for caller, titles in ((school, ["红山文化"]), (museum, ["红山文化"] * 2), (stranger, [])):
        assert [entry["title"] for entry in _entries(story, answering.scope_of(caller))] == titles
    with story.book.reading() as conn, pytest.raises(NotFound):
        answering.entry(conn, UUID(story.done["id"]), scope=answering.scope_of(stranger))


def _entries(story: Story, scope: Scope, **filters: Any) -> list[dict[str, Any]]:
    with story.book.reading() as conn:
        rows = answering.entries(conn, scope=scope, period=ALWAYS, filters=filters, after=None, limit=50)
    assert not any(LedgerEntry().validate(LedgerEntry().dump(row)) for row in rows)
    return rows


def test_an_entry_says_for_what_by_whom_and_on_what_evidence(story: Story) -> None:
    story.deliver()
    with story.book.reading() as conn:
        entry = answering.entry(conn, UUID(story.done["id"]), scope=CITY)
    assert not LedgerEntryWithActs().validate(LedgerEntryWithActs().dump(entry))
    assert (entry["plan_tasks"], entry["provider_names"]) == (["馆校结合行动"], ["赤峰博物馆"])
    assert entry["delivery"]["said_by"] == "讲解员"
    assert [act["type"] for act in entry["acts"]][-1] == "match_delivered"
    assert not any(TrailRow().validate(TrailRow().dump(act)) for act in entry["acts"])


def test_a_cancelled_activity_stays_in_the_ledger_and_does_not_count(story: Story) -> None:
    assert [entry["school_name"] for entry in _entries(story, CITY, state="cancelled")] == ["美丽河小学"]


def test_an_offer_that_nobody_confirmed_is_no_entry(story: Story) -> None:
    offer = facts.match(story.quiet, [facts.leg(story.programme, WHEN)])
    story.book.tell("match", offer)
    assert len(_entries(story, CITY)) == 2


def test_facts_may_come_in_any_order(story: Story) -> None:
    match = facts.confirmed(facts.match(story.quiet, [facts.leg(story.programme, WHEN)]))
    story.book.tell("match", {**match, "state": "delivered", "delivered_at": facts.iso(WHEN)}, version=9)
    story.book.tell("match", match, version=8)
    story.book.tell("match", facts.match(story.quiet, match["legs"], id=match["id"]), version=7)
    assert [entry["state"] for entry in _entries(story, CITY, school_id=story.quiet["organisation_id"])] == [
        "delivered"
    ]


def test_an_export_is_a_table_in_which_nothing_is_a_formula(story: Story) -> None:
    evil = facts.school('=HYPERLINK("x")', "150403", enrolment=1)
    story.book.tell("school", evil)
    with story.book.reading() as conn:
        rows = list(exporting.never_served(conn, CITY, ALWAYS, "all"))
    text = b"".join(sheets.csv_chunks(shown.UNSERVED, rows)).decode()
    assert text.startswith("\ufeff旗县区,")
    assert "\"'=HYPERLINK" in text
    book = openpyxl.load_workbook(io.BytesIO(sheets.workbook("x", shown.UNSERVED, rows)))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert '\'=HYPERLINK("x")' in [cell.value for cell in cells]
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_every_export_can_be_made(story: Story) -> None:
    story.deliver()
    with story.book.reading() as conn:
        tables = {
            shown.ENTRIES: exporting.entries(conn, CITY, ALWAYS, {}),
            shown.COVERAGE: exporting.coverage(conn, CITY, ALWAYS, "district", "all"),
            shown.TRAIL: exporting.trail(conn, CITY, ALWAYS, {}),
        }
        made = {columns: list(rows) for columns, rows in tables.items()}
    for columns, rows in made.items():
        assert rows
        lines = b"".join(sheets.csv_chunks(columns, rows)).decode().splitlines()
        assert len(lines) == len(rows) + 1
        assert sheets.workbook("t", columns, rows)[:2] == b"PK"
