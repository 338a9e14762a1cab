"""The tables of docs/benchmarks.md on the engine: medians over seeds, each run in a process of its own."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from deploy.bench.asked import THREADS, Asked, Size
from deploy.bench.gap import best_known, class_of, deviation, shortfall
from deploy.bench.matching import percent, say
from deploy.local.settings import CHECKOUT

PAGE = CHECKOUT / "docs/benchmarks.md"
_GIB = 1024**3
_FEWEST_SEEDS = 3
_LINE = re.compile(
    r"(?:(?P<who>\w+) )?value (?P<value>\d+) bound (?P<bound>\d+) gap [\d.]+ % seconds (?P<seconds>[\d.]+)"
    r"(?: peak_mib (?P<peak>\d+))?"
)
Figures = dict[str, float]


def run(wanted: Asked) -> int:
    """Measure and write: the files of DIR if there is one, else seasons of all sizes; rivals if asked."""
    if len(wanted.seeds) < _FEWEST_SEEDS:
        say(f"a table wants {_FEWEST_SEEDS} seeds or more: SEEDS=7,8,9")
        return 2
    if wanted.mode == "gap" and (wanted.dir is None or not wanted.dir.is_dir()):
        say("bench-gap: DIR must be a folder of instances")
        return 2
    name, title, body = (
        ("gap", "Public instances", _of_files(wanted))
        if _is_of_files(wanted)
        else ("matching", "Matching", _of_seasons(wanted))
    )
    text = "\n".join([*_head(wanted, name), "", *body])
    write(wanted.page or PAGE, name, title, text)
    print(text)
    return 0


def write(path: Path, name: str, title: str, text: str) -> None:
    """Put the text between the marks of that name; a page without them gets them at its end."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    page = path.read_text(encoding="utf-8") if path.exists() else "# How fast it is\n"
    if begin not in page:
        page = f"{page.rstrip()}\n\n## {title}\n\n{begin}\n{end}\n"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


# -- seasons


def _of_seasons(wanted: Asked) -> list[str]:
    return table(
        ("requests", "limit s", "by", "value", "bound", "gap %", "gap % of each seed", "seconds", "peak MiB"),
        (row for size in wanted.sizes for row in _of_size(size, wanted)),
    )


def _of_size(size: Size, wanted: Asked) -> list[list[str]]:
    """A row for the engine, and for each rival if asked for."""
    found: dict[str, list[Figures]] = defaultdict(list)
    for seed in wanted.seeds:
        for mode in _modes(wanted, "matching"):
            options = ["--requests", str(size.requests), "--seed", str(seed)]
            for who, figures in read(_lines(mode, [*options, "--limit", str(size.limit)])):
                found[who].append(figures)
    return [_row(size, who, runs) for who, runs in found.items()]


def read(lines: Iterable[str]) -> list[tuple[str, Figures]]:
    """What lines of results say: by whom (the engine if not said) and their numbers."""
    found = [match for line in lines if (match := _LINE.fullmatch(line))]
    return [(match["who"] or "KeQiao", _figures(match)) for match in found]


def _figures(match: re.Match[str]) -> Figures:
    names = ("value", "bound", "seconds", "peak")
    return {name: float(match[name]) for name in names if match[name] is not None}


def _row(size: Size, who: str, runs: Sequence[Figures]) -> list[str]:
    gaps = [percent(int(each["value"]), int(each["bound"])) for each in runs]
    peaks = [each["peak"] for each in runs if "peak" in each]
    return [
        str(size.requests),
        f"{size.limit:g}",
        who,
        f"{_median(runs, 'value'):.0f}",
        f"{_median(runs, 'bound'):.0f}",
        f"{statistics.median(map(float, gaps)):.3f}",
        " ".join(gaps),
        f"{_median(runs, 'seconds'):.1f}",
        f"{statistics.median(peaks):.0f}" if peaks else "",
    ]


def _median(runs: Sequence[Figures], name: str) -> float:
    return statistics.median(each[name] for each in runs)


# -- files


def _of_files(wanted: Asked) -> list[str]:
    """A row by class: medians over seeds of the mean and of the worst deviation from best known."""
    assert wanted.dir is not None
    known = best_known(wanted.dir)
    found: dict[tuple[str, str], list[list[tuple[float, float]]]] = defaultdict(list)
    for seed in wanted.seeds:
        for mode in _modes(wanted, "gap"):
            options = ["--dir", str(wanted.dir.resolve()), "--seed", str(seed), "--limit", str(wanted.limit)]
            by_class: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
            for name, who, cost, bound in _costs(_lines(mode, options)):
                if name in known and bound is not None:
                    apart = deviation(cost, known[name]), shortfall(bound, known[name])
                    by_class[class_of(name), who].append(apart)
            for key, apart_of_class in by_class.items():
                found[key].append(apart_of_class)
    return table(
        ("class", "by", "files", "cost above, mean %", "worst %", "bound below, mean %", "worst %"),
        [_class_row(*key, runs) for key, runs in sorted(found.items())],
    )


def _costs(lines: Iterable[str]) -> list[tuple[str, str, int | None, int | None]]:
    """Name, by whom, cost and bound in lines of `instance cost bound seconds` or with a rival's name."""
    words = [line.split() for line in lines]
    named = [each if len(each) == 5 else [each[0], "KeQiao", *each[1:]] for each in words]
    return [(name, who, _known(cost), _known(bound)) for name, who, cost, bound, _ in named]


def _known(word: str) -> int | None:
    return None if word == "-" else int(word)


def _class_row(name: str, who: str, runs: Sequence[Sequence[tuple[float, float]]]) -> list[str]:
    numbers = [
        statistics.median(summed([apart[side] for apart in run]) for run in runs)
        for side in (0, 1)
        for summed in (statistics.fmean, max)
    ]
    return [name, who, str(len(runs[0])), *(f"{number:.3f}" for number in numbers)]


# -- both


def _is_of_files(wanted: Asked) -> bool:
    return wanted.dir is not None and wanted.mode != "matching"


def _modes(wanted: Asked, ours: str) -> tuple[str, ...]:
    """The engine, and the rivals beside it where they are what is asked for."""
    return (ours, "rivals") if wanted.mode == "rivals" else (ours,)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _lines(mode: str, options: Sequence[str]) -> list[str]:
    """What a run in a process of its own prints; what it says meanwhile is passed on."""
    say(f"bench {mode} {' '.join(options)}")
    command = [sys.executable, "-m", "deploy.bench", mode, *options]
    # What asked for the table is not to ask each of its runs for one.
    variables = {name: value for name, value in os.environ.items() if name != "SEEDS"}
    return subprocess.run(
        command, cwd=CHECKOUT, env=variables, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.splitlines()


def _head(wanted: Asked, name: str) -> list[str]:
    seeds = ", ".join(map(str, wanted.seeds))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    packages = ("numpy", "numba", "highspy", *(("ortools",) if wanted.mode == "rivals" else ()))
    versions = ", ".join(f"{package} {_version(package)}" for package in packages)
    return [
        f"Measured on {dt.datetime.now(dt.UTC):%Y-%m-%d, %H:%M} UTC by"
        f" `make bench-{wanted.mode} {_given(wanted)}`: {THREADS} threads, medians over seeds {seeds}.",
        "",
        f"- {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory",
        f"- Linux {platform.release().split('-')[0]}, Python {platform.python_version()}, {versions}",
    ]


def _given(wanted: Asked) -> str:
    """What the command was given; the folder by its name."""
    sizes = ",".join(f"{size.requests}:{size.limit:g}" for size in wanted.sizes)
    of = f"SIZES={sizes}"
    if wanted.dir and _is_of_files(wanted):
        of = f"DIR={wanted.dir.name} LIMIT={wanted.limit:g}"
    return f"{of} SEEDS={','.join(map(str, wanted.seeds))}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return found[1].strip() if found else platform.machine()
