"""The verifier: honest papers of a round hold, and whatever is bent in them is named."""

from __future__ import annotations

import copy
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deploy.local.settings import CHECKOUT
from services.matcher import verify
from services.matcher.engine.assemble import assemble
from services.matcher.engine.days import week_of
from services.matcher.engine.instance import Certificate
from services.matcher.engine.lot import alias_of, lot_of, wishes_by_lot
from services.matcher.engine.model import Limits, Papers, Problem
from services.matcher.engine.plan import greedy
from services.matcher.engine.published import documents
from services.matcher.engine.solver import solve
from tests.builders import papers, problems

VERIFIER = CHECKOUT / "services" / "matcher" / "verify.py"
Bend = Callable[[papers.Paper, papers.Paper, papers.Paper], object]
SIZE = problems.Size(wishes=9, slots=4, experts=2, units=1, days=3, pools=True, rests=True)


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[papers.Papers], tuple[int, str]]:
    """What the verifier says of papers: its exit code, and its first words."""

    def run(written: papers.Papers) -> tuple[int, str]:
        code = verify.main(papers.write(written, tmp_path))
        return code, ":".join(capsys.readouterr().out.split(":")[: code + 1]).replace(" ", "")

    return run


Said = Callable[[papers.Papers], tuple[int, str]]
TRUE = (0, "true")


def bent(bend: Bend) -> papers.Papers:
    """The small world with something bent, and the papers then made to name one another again."""
    found = copy.deepcopy(papers.small())
    bend(*(found[name] for name in papers.NAMES))
    return papers.linked(found)


# -- honest papers


def test_a_stranger_needs_nothing_but_python(tmp_path: Path) -> None:
    """Isolated, without site packages, from an empty folder, with a copy of the one file."""
    here, there = tmp_path / "papers", tmp_path / "empty"
    here.mkdir()
    there.mkdir()
    (here / "verify.py").write_bytes(VERIFIER.read_bytes())
    command = [sys.executable, "-I", "-S", str(here / "verify.py"), *papers.write(papers.small(), here)]
    answer = subprocess.run(command, cwd=there, env={}, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == "true: 6 of 9 requests served, value 1820, bound 2121, gap 14.191 %\n"


def test_a_lie_is_told_in_two_languages_even_where_only_one_can_be_printed(tmp_path: Path) -> None:
    paths = papers.write(bent(lambda problem, *_: problem["slots"][0].__setitem__(0, 54)), tmp_path)
    command = [sys.executable, "-I", "-S", str(VERIFIER), *paths]
    answer = subprocess.run(command, cwd=tmp_path, env={"LC_ALL": "C"}, capture_output=True, check=False)
    assert (answer.returncode, answer.stderr) == (1, b"")
    assert answer.stdout.decode().splitlines() == [
        "false: seats_exceeded: slot 0 has 54 seats, not 55",
        "不成立：seats_exceeded：场次0有54座，占用55座",
    ]


@pytest.mark.parametrize("seed", range(24))
def test_what_follows_from_any_prices_is_accepted_and_nothing_less(seed: int, said: Said) -> None:
    """Prices drawn by lot, and each best found by trying everything: less than any of them is named."""
    problem = problems.problem(seed, SIZE)
    honest = papers.seeded(seed, problem, papers.options_of(problem))
    assert said(honest) == TRUE
    proof = honest["certificate"]
    for number, best in enumerate(proof["slots"]):
        if best:
            assert said(_with(honest, "slots", number, best - 1)) == (1, "false:knapsack_understated")
    for number, (*stretch, best) in enumerate(proof["stretches"]):
        if best:
            assert said(_with(honest, "stretches", number, [*stretch, best - 1])) == (
                1,
                "false:plan_understated",
            )
    assert said(honest | {"certificate": proof | {"bound": proof["bound"] - 1}}) == (
        1,
        "false:bound_understated",
    )


def _with(honest: papers.Papers, part: str, number: int, entry: Any) -> papers.Papers:
    proof = honest["certificate"]
    entries = [entry if n == number else each for n, each in enumerate(proof[part])]
    return honest | {"certificate": proof | {part: entries}}


def test_a_bound_may_be_careless_and_a_problem_may_hold_an_option_twice(said: Said) -> None:
    def bend(problem: papers.Paper, _: papers.Paper, proof: papers.Paper) -> None:
        problem["options"].append(problem["options"][0])
        proof["slots"] = [best + 100_000 for best in proof["slots"]]
        proof["bound"] += 200_000

    assert said(bent(bend)) == TRUE


def test_an_empty_round_holds(said: Said) -> None:
    parts: papers.Paper = {part: [] for part in ("options", "slots", "timed", "uses")}
    nothing: papers.Paper = papers.small()["problem"] | parts | {"wishes": 0}
    assert said(papers.papers(nothing, [], "a seed", [], [])) == TRUE


# -- what the engine publishes


@pytest.mark.parametrize("seed", range(8))
def test_what_the_engine_publishes_holds_and_says_the_same_problem(seed: int, said: Said) -> None:
    problem = problems.problem(seed, SIZE)
    published = _published(problem)
    assert said({name: json.loads(paper) for name, paper in published._asdict().items()}) == TRUE
    asked = json.loads(published.problem)
    plain = papers.seeded(seed, problem, papers.options_of(problem))["problem"]
    assert [_without_place(option) for option in asked["options"]] == list(
        map(_without_place, plain["options"])
    )
    same = ("slots", "wishes", "seed_hash", "places", "pools", "uses")
    assert [asked.get(key) for key in same] == [plain.get(key) for key in same]
    assert len(asked["journeys"]) <= len(plain["journeys"])


def _without_place(option: list[Any]) -> list[Any]:
    return [*option[:2], [leg[:6] for leg in option[2]]]


def _published(problem: Problem) -> Papers:
    """The papers by the engine's own hand, at no prices: bests are then sums that anything keeps within."""
    options = papers.options_of(problem)
    assembled = assemble(problem, options)
    instance = assembled.instance
    legs = np.diff(instance.legs_of)
    worth = instance.value * papers.SCALE
    share = np.repeat(-(-worth // legs), legs)
    shelf = np.bincount(instance.legs.shelf, weights=share, minlength=len(assembled.shelves)).astype(np.int64)
    free = np.zeros(instance.wishes, dtype=np.int64), np.zeros(len(assembled.rows), dtype=np.int64)
    proof = Certificate(*free, share, shelf, int(shelf.sum()))
    return documents(
        problem, options, assembled, greedy(problem, options, range(len(options))), proof, problem.roads
    )


def test_papers_are_canonical_and_name_nobody() -> None:
    problem = problems.problem(3, SIZE)
    published = _published(problem)
    for paper in published[:3]:  # the fourth is for nobody
        assert paper == json.dumps(
            json.loads(paper), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert not any(
            word in paper for word in ("wish0", "slot0", "expert0", "unit0", "programme", "topic", ".")
        )
    assert published == _published(dataclasses.replace(problem))


# -- planted lies


def _choose(*numbers: int) -> Bend:
    """Choose these too, and nothing of what they replace; nobody has caps."""

    def bend(problem: papers.Paper, plan: papers.Paper, _: papers.Paper) -> None:
        wishes = {problem["options"][number][0] for number in numbers}
        kept = [number for number in plan["chosen"] if problem["options"][number][0] not in wishes]
        plan["chosen"] = kept + list(numbers)
        problem["timed"][0]["caps"] = {}

    return bend


def _set(which: int, *path: Any) -> Bend:
    """Put the last of `path` where the rest of it leads, in the problem, the plan or the proof."""

    def bend(*papers_: papers.Paper) -> None:
        holder: Any = papers_[which]
        for step in path[:-2]:
            holder = holder[step]
        holder[path[-2]] = path[-1]

    return bend


def _add(which: int, *path: Any) -> Bend:
    """Append the last of `path` to the list to which the rest of it leads."""

    def bend(*papers_: papers.Paper) -> None:
        holder: Any = papers_[which]
        for step in path[:-1]:
            holder = holder[step]
        holder.append(path[-1])

    return bend


def _drop(which: int, *path: Any) -> Bend:
    """Remove what `path` leads to."""

    def bend(*papers_: papers.Paper) -> None:
        holder: Any = papers_[which]
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]

    return bend


def _stretch(timed: int, start: float, end: float) -> list[int | None]:
    """A stretch on which nothing lies, from day to day after the Monday."""
    return [timed, papers.at(0, 24 * start), papers.at(0, 24 * end), None, 0]


def _use(option: int, pool: int, day: int, hour: int) -> Bend:
    """One more use of a pool, for an hour."""
    return _add(PROBLEM, "uses", [option, pool, papers.at(day, hour), papers.at(day, hour + 1), 1])


PROBLEM, PLAN, PROOF = range(3)
SAME_SLOT = [0, 0, papers.at(2, 14), papers.at(2, 15.5), papers.at(2, 14), 5, 0]
WEEK = week_of(papers.at(0, 0))
LIES: list[tuple[str, str, Bend]] = [
    # the plan
    ("seats_exceeded", "a seat too many", _set(PROBLEM, "slots", 0, 0, 54)),
    ("seats_exceeded", "a group that does not fit in", _choose(3, 2)),
    ("groups_exceeded", "a group too many", _set(PROBLEM, "slots", 0, 1, 1)),
    ("wish_twice", "a request served twice", _add(PLAN, "chosen", 3)),
    ("option_twice", "an option chosen twice", _add(PLAN, "chosen", 0)),
    ("option_unknown", "an option that is not in the problem", _add(PLAN, "chosen", 12)),
    ("overlap", "two lectures at one time", _choose(5, 7)),
    ("overlap_busy", "a lecture while the expert is elsewhere", _choose(6)),
    ("journey_impossible", "half an hour for three quarters of an hour of road", _choose(5, 8)),
    ("journey_impossible", "a road from what was there before", _set(PROBLEM, "journeys", 0, 3, 31)),
    ("journey_missing", "a journey that is not told", _drop(PROBLEM, "journeys", 0)),
    ("rest_broken", "a minute of rest that there is not", _set(PROBLEM, "timed", 0, "rest", 1)),
    ("cap_day", "a lecture too many in a day", _set(PROBLEM, "timed", 0, "caps", "day", 1)),
    ("cap_week", "a lecture too many in a week", _set(PROBLEM, "timed", 0, "caps", "week", 2)),
    ("cap_month", "a lecture too many in a month", _set(PROBLEM, "timed", 0, "caps", "month", 2)),
    ("cap_km", "a kilometre too many in a month", _set(PROBLEM, "timed", 1, "caps", "km", 179)),
    ("cap_km", "a way that is longer", _set(PROBLEM, "kilometres", 2, 2, 101)),
    ("kilometres_missing", "a way that is not told", _drop(PROBLEM, "kilometres", 2)),
    ("pool_exceeded", "a guide too many", _set(PROBLEM, "pools", 0, 0, 2)),
    ("pool_exceeded", "a guide who is elsewhere", _set(PROBLEM, "pools", 0, 1, 0, 2, 2)),
    ("pool_exceeded", "a class in two places", _use(5, 1, 0, 12)),
    ("value_wrong", "a value inflated", _set(PLAN, "value", 1821)),
    ("seed_wrong", "another seed", _set(PLAN, "seed", "another seed")),
    # the proof
    ("request_price_negative", "a price below nothing", _set(PROOF, "requests", 4, -1)),
    ("cap_price_negative", "a cap's price below nothing", _set(PROOF, "caps", 0, 3, -1)),
    ("cap_unknown", "a price for a cap that nobody has", _add(PROOF, "caps", [2, "week", WEEK, 5])),
    ("cap_unknown", "a price for a year's cap", _add(PROOF, "caps", [0, "year", 2026, 5])),
    ("cap_unknown", "a price for the cap of nobody", _add(PROOF, "caps", [3, "week", WEEK, 5])),
    ("cap_twice", "a cap priced twice", _add(PROOF, "caps", [0, "week", WEEK, 5])),
    ("pool_price_negative", "a pool's price below nothing", _set(PROOF, "pools", 0, 2, -1)),
    ("pool_unknown", "a price for a pool that there is not", _add(PROOF, "pools", [2, papers.at(2, 14), 5])),
    ("pool_twice", "a pool priced twice", _add(PROOF, "pools", [0, papers.at(2, 14), 5])),
    ("wrong_length", "a price list too short", _drop(PROOF, "requests", 8)),
    ("wrong_length", "a list of slots too long", _add(PROOF, "slots", 0)),
    ("shares_missing", "a share left out", _drop(PROOF, "shares", 0)),
    ("shares_understated", "a share understated", _set(PROOF, "shares", 0, 1, 1, 0)),
    ("shares_twice", "an option split twice", _add(PROOF, "shares", [9, [0, 0]])),
    ("shares_unneeded", "an option of one leg split", _add(PROOF, "shares", [0, [0]])),
    ("shares_unneeded", "an option split that there is not", _add(PROOF, "shares", [12, [0, 0]])),
    ("wrong_length", "an option split in three", _set(PROOF, "shares", 0, 1, [90_000, 90_000, 90_000])),
    ("knapsack_understated", "a knapsack understated", _set(PROOF, "slots", 0, 54_659)),
    ("plan_understated", "a day's plan understated", _set(PROOF, "stretches", 1, 4, 0)),
    ("stretch_missing", "a stretch that leaves a lecture out", _drop(PROOF, "stretches", 0)),
    ("stretch_missing", "a stretch that ends too early", _set(PROOF, "stretches", 2, 2, papers.at(0, 1))),
    ("stretches_overlap", "time on two stretches", _add(PROOF, "stretches", _stretch(1, 0.5, 1))),
    ("times_disordered", "a stretch that ends before it begins", _add(PROOF, "stretches", _stretch(1, 9, 8))),
    ("number_unknown", "a stretch of nobody's time", _add(PROOF, "stretches", _stretch(3, 8, 9))),
    ("count_unfounded", "a count that no cap gives", _set(PROOF, "stretches", 2, 3, 1)),
    ("count_unfounded", "a count below what the cap leaves", _set(PROOF, "stretches", 0, 3, 0)),
    ("count_unfounded", "a day's count for more than a day", _set(PROOF, "stretches", 1, 2, papers.at(2, 1))),
    ("bound_understated", "a bound understated", _set(PROOF, "bound", 212_169)),
    ("scale_wrong", "other parts of a point", _set(PROOF, "scale", 1000)),
    # the form
    ("not_integer", "one and a half seats", _set(PROBLEM, "slots", 0, 0, 60.5)),
    ("not_integer", "a whole number that is none", _set(PLAN, "value", 1820.0)),
    ("not_integer", "yes for one", _set(PROOF, "requests", 0, True)),
    ("not_integer", "a number in words", _set(PROBLEM, "options", 0, 1, "300")),
    ("not_integer", "nothing for a number", _set(PROOF, "slots", 0, None)),
    ("not_integer", "what is not a number", _set(PROOF, "bound", float("nan"))),
    ("out_of_range", "less than no seats", _set(PROBLEM, "slots", 0, 0, -1)),
    ("out_of_range", "a number without end", _set(PROOF, "bound", 10**1000)),
    ("out_of_range", "nobody to seat", _set(PROBLEM, "options", 0, 2, 0, 5, 0)),
    ("out_of_range", "no parts of a point", _set(PROBLEM, "scale", 0)),
    ("out_of_range", "a journey of two days", _set(PROBLEM, "journeys", 0, 3, 2880)),
    ("wrong_type", "a list for an object", _set(PROBLEM, "timed", 0, [])),
    ("wrong_type", "an object for a list", _set(PLAN, "chosen", {})),
    ("wrong_type", "a number for a seed", _set(PLAN, "seed", 7)),
    ("wrong_length", "a leg without a place", _drop(PROBLEM, "options", 0, 2, 0, 6)),
    ("key_missing", "no seed", _drop(PLAN, "seed")),
    ("key_unknown", "a key too many", _set(PROOF, "trust", "me")),
    ("key_unknown", "a cap on years", _set(PROBLEM, "timed", 0, "caps", "year", 3)),
    ("key_unknown", "a key spelt as in the table of forms", _set(PROBLEM, "timed", 0, "caps", "day?", 3)),
    ("word_unknown", "another form of papers", _set(PROOF, "format", "keqiao-certificate-2")),
    ("word_unknown", "neither expert nor unit", _set(PROBLEM, "timed", 0, "kind", "kit")),
    # the problem
    ("option_empty", "an option of nothing", _add(PROBLEM, "options", [0, 100, []])),
    ("option_empty", "an option that is worth nothing", _set(PROBLEM, "options", 2, 1, 0)),
    ("resource_twice", "two legs on one slot", _add(PROBLEM, "options", 0, 2, SAME_SLOT)),
    ("number_unknown", "a wish that there is not", _set(PROBLEM, "options", 0, 0, 9)),
    ("number_unknown", "a slot that there is not", _set(PROBLEM, "options", 0, 2, 0, 1, 2)),
    ("number_unknown", "a third kind of resource", _set(PROBLEM, "options", 0, 2, 0, 0, 2)),
    ("number_unknown", "a place that there is not", _set(PROBLEM, "places", 3)),
    ("number_unknown", "a use by an option that there is not", _set(PROBLEM, "uses", 0, 0, 12)),
    ("number_unknown", "a use of a pool that there is not", _set(PROBLEM, "uses", 0, 1, 2)),
    ("use_twice", "a pool used twice by one option", _use(0, 0, 3, 9)),
    ("times_disordered", "a use that ends before it begins", _set(PROBLEM, "uses", 0, 3, papers.at(2, 13))),
    ("times_disordered", "a guide who returns before leaving", _set(PROBLEM, "pools", 0, 1, 0, 1, WEEK)),
    ("out_of_range", "a use of nothing", _set(PROBLEM, "uses", 0, 4, 0)),
    ("out_of_range", "a guide less than none", _set(PROBLEM, "pools", 0, 1, 0, 2, -1)),
    ("number_unknown", "an appointment nowhere", _set(PROBLEM, "timed", 0, "busy", 0, 2, 4)),
    ("number_unknown", "a thirteenth month", _set(PROBLEM, "journeys", 0, 2, 13)),
    ("times_disordered", "an end before its beginning", _set(PROBLEM, "options", 4, 2, 0, 3, 0)),
    ("times_disordered", "time taken after it began", _set(PROBLEM, "options", 10, 2, 0, 4, papers.at(1, 9))),
    ("times_disordered", "no time at all", _set(PROBLEM, "timed", 0, "busy", 0, 1, papers.at(0, 9))),
    ("times_disordered", "the end of days", _set(PROBLEM, "options", 4, 2, 0, 3, 10**12)),
    ("key_missing", "a budget without a base", _drop(PROBLEM, "timed", 1, "base")),
    ("number_unknown", "a base nowhere", _set(PROBLEM, "timed", 1, "base", 4)),
    ("number_unknown", "a way to nowhere", _add(PROBLEM, "kilometres", [3, 4, 9])),
    ("journey_twice", "two lengths of one way", _add(PROBLEM, "kilometres", [1, 2, 44])),
    ("journey_twice", "two lengths of one road", _add(PROBLEM, "journeys", [0, 1, papers.JUNE, 20])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "bend"), [pytest.param(code, bend, id=f"{code}: {lie}") for code, lie, bend in LIES]
)
def test_a_planted_lie_is_named(code: str, bend: Bend, said: Said) -> None:
    assert said(bent(bend)) == (1, f"false:{code}")


@pytest.mark.parametrize("name", ["solution", "certificate"])
def test_papers_of_another_problem_are_named(name: str, said: Said) -> None:
    other = papers.small()
    other["problem"]["options"][2][1] += 1
    assert said(papers.small() | {name: papers.linked(other)[name]}) == (1, "false:other_problem")


def test_a_key_named_twice_is_a_lie(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = papers.write(papers.small(), tmp_path)
    Path(paths[1]).write_text(Path(paths[1]).read_text().replace('"value"', '"value": 1, "value"'))
    assert verify.main(paths) == 1
    assert capsys.readouterr().out.startswith("false: key_twice:")


def test_a_proof_that_nobody_can_follow_is_none(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "MOST_STEPS", 3)
    assert said(papers.small()) == (1, "false:too_hard")


# -- lots


def drawn(seed: int) -> tuple[papers.Papers, Problem]:
    """The engine's own papers of a problem whose requests have aliases."""
    problem = dataclasses.replace(problems.problem(seed, SIZE), salt="salt")
    solved = solve(problem, Limits(1.0), lambda _: None, lambda: False, with_papers=True)
    assert solved.papers
    texts = zip(papers.NAMES, solved.papers, strict=False)
    return {name: json.loads(text) for name, text in texts}, problem


def test_anybody_draws_the_lots_again_and_whoever_knows_the_salt_finds_their_own(said: Said) -> None:
    written, problem = drawn(3)
    assert said(written) == TRUE
    lots, seed = written["problem"]["lots"], written["solution"]["seed"]
    assert [lot for _, lot in lots] == sorted(lot for _, lot in lots)
    first = f'printf %s "salt|{problem.wishes[0].key}" | sha256sum | cut -c 1-16'
    alias = subprocess.check_output(["sh", "-c", first], text=True).strip()
    again = f'printf %s "{seed}|{alias}" | sha256sum | cut -c 1-16'
    assert [alias, subprocess.check_output(["sh", "-c", again], text=True).strip()] in lots
    keys = dataclasses.replace(problem, wishes=problem.wishes[::-1])
    assert [alias_of("salt", wish.key) for wish in wishes_by_lot(seed, "salt", keys.wishes)] == [
        alias for alias, _ in lots
    ]


LOT_LIES: list[tuple[str, str, Callable[[list[list[str]]], object]]] = [
    ("lot_wrong", "somebody's lot bettered", lambda lots: lots[2].__setitem__(1, "0" * 16)),
    ("lot_wrong", "two aliases exchanged", lambda lots: _exchange(lots[0], lots[1])),
    ("lot_disordered", "somebody looked at before their turn", lambda lots: lots.insert(0, lots.pop())),
    ("alias_twice", "one request drawn twice", lambda lots: lots.__setitem__(1, list(lots[0]))),
    ("wrong_length", "a request without a lot", lambda lots: lots.pop()),
]


def _exchange(one: list[str], other: list[str]) -> None:
    one[0], other[0] = other[0], one[0]


@pytest.mark.parametrize(
    ("code", "bend"), [pytest.param(code, bend, id=f"{code}: {lie}") for code, lie, bend in LOT_LIES]
)
def test_a_lie_about_lots_is_named(code: str, bend: Callable[[list[list[str]]], object], said: Said) -> None:
    def lie(problem: papers.Paper, *_: papers.Paper) -> None:
        aliases = (f"{n:016x}" for n in range(problem["wishes"]))
        lots = sorted((lot_of("a seed", alias), alias) for alias in aliases)
        problem["lots"] = [[alias, lot] for lot, alias in lots]
        bend(problem["lots"])

    assert said(bent(lie)) == (1, f"false:{code}")


def test_every_code_is_seen() -> None:
    elsewhere = {"other_problem", "key_twice", "too_hard"}
    elsewhere |= {"fairness_unasked", "floor_missed", "lift_negative", "already_exceeded", "share_wrong"}
    elsewhere |= {"stated_twice", "company_place", "member_twice", "company_miscounted", "size_disagrees"}
    elsewhere |= {"below_minimum"}
    elsewhere |= {code for code in verify.FALSE if code.startswith("split_")}
    elsewhere |= {code for code, _, _ in LOT_LIES}
    assert {code for code, _, _ in LIES} | elsewhere == set(verify.FALSE)


# -- no papers at all


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"\xff\xfe{}", id="another encoding"),
        pytest.param(b"[" * 100_000, id="bottomless"),
        pytest.param(b'{"value": ' + b"9" * 5000 + b"}", id="a number of five thousand digits"),
    ],
)
def test_what_cannot_be_read_is_said(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = papers.write(papers.small(), tmp_path)
    Path(paths[0]).write_bytes(content)
    assert verify.main(paths) == 2
    assert capsys.readouterr().out.startswith("unreadable: ")


def test_a_folder_or_nothing_is_no_paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = papers.write(papers.small(), tmp_path)
    assert verify.main([str(tmp_path), *paths[1:]]) == 2
    assert verify.main([*paths[:2], str(tmp_path / "none.json")]) == 2
    assert verify.main(paths[:2]) == 2
    monkeypatch.setattr(verify, "LARGEST_FILE", 100)
    assert verify.main(paths) == 2


@pytest.mark.parametrize("content", ["null", "[]", "7", '"text"', "true", "NaN", "{}", '{"format": null}'])
@pytest.mark.parametrize("number", range(3))
def test_what_is_no_such_paper_is_a_lie(
    content: str, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = papers.write(papers.small(), tmp_path)
    Path(paths[number]).write_text(content)
    assert verify.main(paths) == 1
    assert capsys.readouterr().out.startswith(("false: wrong_type:", "false: key_missing:"))
