"""What the measurements of the engine read, sum up and write down."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.bench import gap, tables
from deploy.bench.asked import asked
from deploy.bench.gap import Measured

LINE = "value 90 bound 100 gap 10.000 % seconds 1.50 peak_mib 64"


def test_what_is_asked_for_comes_from_the_line_or_the_environment() -> None:
    variables = {"REQUESTS": "300", "LIMIT": "2.5", "SEED": ""}
    wanted = asked(["matching", "--limit", "4"], variables)
    assert (wanted.requests, wanted.limit, wanted.seed, wanted.dir) == (300, 4.0, 7, None)
    assert wanted.seeds == ()
    assert asked(["gap", "--seeds", "1,2"], {}).seeds == (1, 2)


@pytest.mark.parametrize("wrong", [{"REQUESTS": "0"}, {"LIMIT": "nan"}, {"SEED": "x"}, {"SIZES": "5;6"}])
def test_what_cannot_be_measured_ends_the_program(wrong: dict[str, str]) -> None:
    with pytest.raises(SystemExit):
        asked(["matching"], wrong)
    with pytest.raises(SystemExit, match="SEEDS is for matching, gap, rivals"):
        asked(["event"], {"SEEDS": "7,8,9"})


@pytest.mark.slow
def test_a_table_of_files_is_written_beside_what_people_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a1").write_text("2 3  4 1 9  5 6 2  1 1 1  1 1 1  2 2")
    (tmp_path / "best_known.csv").write_text("instance,best_known\na1,7\n")
    page = tmp_path / "page.md"
    monkeypatch.setenv("SEEDS", "7,8,9")
    wanted = asked(["gap", "--dir", str(tmp_path), "--page", str(page), "--limit", "2"])
    assert tables.run(wanted) == 0
    written = page.read_text()
    assert f"by `make bench-gap DIR={tmp_path.name} LIMIT=2 SEEDS=7,8,9`" in written
    assert "| a | KeQiao | 1 | 0.000 | 0.000 | 0.000 | 0.000 |" in written


def test_lines_are_read_with_whose_they_are() -> None:
    read = tables.read([LINE, "highs value 80 bound 110 gap 27.273 % seconds 2.00", "something else"])
    assert read == [
        ("KeQiao", {"value": 90.0, "bound": 100.0, "seconds": 1.5, "peak": 64.0}),
        ("highs", {"value": 80.0, "bound": 110.0, "seconds": 2.0}),
    ]


def test_a_section_is_replaced_and_what_people_wrote_stays(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# How fast it is\n\nBy hand.\n")
    for text in ("old", "new"):
        tables.write(page, "matching", "Matching", text)
        tables.write(page, "gap", "Public instances", text)
    written = page.read_text()
    assert written.startswith("# How fast it is\n\nBy hand.\n\n## Matching\n")
    assert "<!-- matching:begin -->\nnew\n<!-- matching:end -->" in written
    assert "<!-- gap:begin -->\nnew\n<!-- gap:end -->" in written
    assert "old" not in written


def test_only_instances_of_a_folder_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a1").write_text("1 1  5  3  4")
    (tmp_path / "broken").write_text("1 1  5  3")
    (tmp_path / "picture").write_bytes(b"\xff\xfe")
    (tmp_path / "best_known.csv").write_text("instance,best_known\na1,5\n")
    assert [name for name, _ in gap.tasks(tmp_path)] == ["a1"]
    told = capsys.readouterr().err
    assert [name for name in ("best_known.csv", "broken", "picture") if f"{name}: left out" not in told] == []
    assert gap.best_known(tmp_path) == {"a1": 5}


def test_the_summary_tells_how_far_from_best_known() -> None:
    measured = [Measured("a1", 101, 99, 1.0), Measured("a2", 200, 200, 1.0), Measured("b1", None, 10, 1.0)]
    lines = gap.summary(measured, {"a1": 100, "a2": 200})
    assert [line.split(":")[0] for line in lines] == ["a", "all"]
    assert "cost 0.500 % above best known on average, 1.000 % at worst (a1)" in lines[0]
    assert "bound 0.500 % below on average, 1.000 % at worst, 1 at best known" in lines[0]
    assert measured[2].line == "b1 - 10 1.00"
