"""The measurement in words: what is printed, and the page that is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loadtests import machine
from loadtests.phase import Endpoint, Measured
from loadtests.ratios.pairing import Ratio
from loadtests.settings import Settings

SOLVE_GOAL, LEAST_SHARE = 3.0, 0.5
#: Of fewer calls the p95 is but the worst one: such endpoints are shown, but do not decide.
LEAST_CALLS = 20
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclass
class Run:
    """All of one run, filled step by step."""

    settings: Settings
    machine: list[str]
    began: dt.datetime
    load_before: float
    ratios: list[Ratio] = field(default_factory=list)
    rest: Measured | None = None
    solving: Measured | None = None
    solve_share: float = 0.0
    solves: int = 0
    check_ok: bool = False
    check: str = ""

    @property
    def phases(self) -> list[Measured]:
        return [each for each in (self.rest, self.solving) if each]

    def slowdown(self) -> float:
        """The largest of the endpoints' p95 while solving, as a multiple of their p95 at rest.

        Of endpoints with LEAST_CALLS in either phase; 0 if there is none.
        """
        return max((slower for _, slower in self._slower()), default=0.0)

    def _slower(self) -> list[tuple[str, float]]:
        if not (self.rest and self.solving):
            return []
        both = self.rest.endpoints.keys() & self.solving.endpoints.keys()
        pairs = [(name, self.rest.endpoints[name], self.solving.endpoints[name]) for name in both]
        return [
            (name, busy.p95 / max(calm.p95, 1.0))
            for name, calm, busy in pairs
            if min(calm.calls, busy.calls) >= LEAST_CALLS
        ]


def ratio_lines(run: Run) -> list[str]:
    """`ratio NAME VALUE`, each alone on its line."""
    found = [f"ratio {each.name} {each.value:.3f}" for each in run.ratios]
    return [*found, f"ratio p95_while_solving {run.slowdown():.3f}"] if run.solving else found


def text(run: Run, errors: Sequence[str]) -> str:
    """The measured part of the page."""
    blocks = [_head(run), _ratios(run), _table(run), _verdict(run, errors)]
    return "\n\n".join("\n".join(block) for block in blocks)


def write(path: Path, measured: str) -> None:
    """Puts the measured part between its marks, and leaves what people wrote around it."""
    page = path.read_text(encoding="utf-8") if path.exists() else f"# How fast it is\n\n{_BEGIN}\n{_END}\n"
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    path.write_text(f"{before}{_BEGIN}\n{measured}\n{_END}{after}", encoding="utf-8")


def _head(run: Run) -> list[str]:
    asked = run.settings
    how = (
        f"DURATION={asked.duration:.0f} RATE={asked.rate:g} REPEATS={asked.repeats} MESSAGES={asked.messages}"
    )
    return [
        f"Measured on {run.began:%Y-%m-%d, %H:%M} UTC by `make load` with {how}.",
        "",
        *(f"- {line}" for line in run.machine),
        f"- load average before it began {run.load_before:.1f}, at its end {machine.load():.1f}",
    ]


def _ratios(run: Run) -> list[str]:
    head = [
        "## Ratios",
        "",
        "| ratio | ours | theirs | unit | value | goal | met |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = [_ratio(each) for each in run.ratios]
    slow = run.slowdown()
    last = f"| p95_while_solving | | | times | {slow:.2f} | <= {SOLVE_GOAL:g} | {_shown(run, slow)} |"
    return [*head, *rows, last, "", "```", *ratio_lines(run), "```"]


def _ratio(each: Ratio) -> str:
    sign = ">=" if each.least else "<="
    numbers = f"{each.ours:.1f} | {each.theirs:.1f} | {each.unit} | {each.value:.3f}"
    return f"| {each.name} | {numbers} | {sign} {each.goal:g} | {_yes(each.is_met)} |"


def _shown(run: Run, slow: float) -> str:
    """A phase in which the solver had little to do shows nothing."""
    shows = run.solve_share > LEAST_SHARE and slow > 0
    return _yes(slow <= SOLVE_GOAL) if shows else "not shown"


def _yes(met: bool) -> str:
    return "yes" if met else "no"


def _table(run: Run) -> list[str]:
    head = [
        "## Answers in milliseconds",
        "",
        f"At rest, and while a round was solved, again and again: for {run.solve_share * 100:.0f} % of that"
        f" phase a solve ran ({run.solves} solves). The ratio is the worst one of those endpoints that had"
        f" {LEAST_CALLS} calls and more in both.",
        "",
        "| endpoint | calls | p50 | p95 | p99 | p50 solving | p95 solving | p99 solving | p95 times |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    if not run.rest:
        return head
    return [*head, *(_row(run, run.rest.endpoints[name]) for name in sorted(run.rest.endpoints))]


def _row(run: Run, calm: Endpoint) -> str:
    busy = run.solving.endpoints.get(calm.name) if run.solving else None
    there = f"{calm.name} | {calm.calls} | {calm.p50:.0f} | {calm.p95:.0f} | {calm.p99:.0f}"
    if busy is None:
        return f"| {there} | | | | |"
    slower = busy.p95 / max(calm.p95, 1.0)
    return f"| {there} | {busy.p50:.0f} | {busy.p95:.0f} | {busy.p99:.0f} | {slower:.1f} |"


def _verdict(run: Run, errors: Sequence[str]) -> list[str]:
    calls = sum(each.calls for each in run.phases)
    return [
        "## What held",
        "",
        f"{calls} calls in the two phases, {len(errors)} kinds of wrong answers.",
        *(f"- {error}" for error in errors[:20]),
        "",
        "```",
        run.check,
        "```",
    ]
