"""The demonstration's summary, read from the API, the metrics and the check."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import requests

from deploy.demo import looking, proving
from deploy.demo.client import Json
from deploy.demo.timing import Stages
from deploy.demo.world import World
from deploy.local.settings import Settings

HEARING = ("catalog", "demand", "experts", "matcher", "search", "ledger", "notices")
_HANDLED = 'keqiao_inbox_facts_total{outcome="handled"'
_SHOWN_REASONS = 6
NO_MORE = frozenset({"no_room", "no_guide", "no_kit", "no_coach"})


def lines(world: World, round_: Json, stages: Stages, settings: Settings) -> Iterator[str]:
    """The summary line by line; the last ones are the check's."""
    yield "Summary"
    yield from _requests(world)
    yield from _round(round_)
    yield from proving.lines(world, round_)
    yield from _coverage(world)
    yield from _searches(world)
    yield from _notices(world)
    yield _events(settings)
    yield "  time: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in stages.seconds.items())
    yield f"  in all {stages.total:.0f} s"


def _requests(world: World) -> Iterator[str]:
    counts = world.city.get("/requests/summary")
    states = ", ".join(f"{state} {number}" for state, number in counts["by_state"].items() if number)
    yield f"  requests: {counts['total']} ({states})"
    matches = world.city.get("/matches/summary")
    done = {row["state"]: row for row in matches["by_state"]}
    yield "  matches: " + ", ".join(f"{state} {row['matches']}" for state, row in done.items())
    yield f"  pupils reached: {done.get('confirmed', {}).get('pupils', 0)} in confirmed activities"


def _round(round_: Json) -> Iterator[str]:
    yield (
        f"  round: value {round_['value']}, proven bound {round_['bound']}, gap {round_['gap'] * 100:.2f} %"
    )
    statistics = round_["statistics"]
    yield "  ended by reason: " + _reasons(statistics["refusals"])
    yield "  unserved because of: " + _reasons(statistics["unserved_reasons"])
    yield "  nothing left of what sessions share: " + _lent_out(statistics["unserved_reasons"])


def _lent_out(counts: list[Json]) -> str:
    """For how many sessions a room, a guide, a kit or a coach was missing."""
    return _reasons([row for row in counts if row["code"] in NO_MORE])


def _reasons(counts: list[Json]) -> str:
    most = sorted(counts, key=lambda row: -row["count"])[:_SHOWN_REASONS]
    return "；".join(_reason(row) for row in most) or "none"


def _reason(row: Json) -> str:
    """The reason's sentence, with the number where the sentence does not say it itself."""
    text, count = row["text"].rstrip("。"), str(row["count"])
    return text if count in text else f"{text} {count}"


def _coverage(world: World) -> Iterator[str]:
    summary = world.city.get("/coverage/summary")
    total = summary["total"]
    yield (
        f"  coverage: {total['served']} of {total['schools']} schools,"
        f" {total['per_thousand'] or 0:.0f} reached per 1,000 pupils"
    )
    yield f"  to lift: {_part(summary['to_lift'])}; best covered: {_part(summary['best_covered'])}"
    never = list(world.city.every("/coverage/never-served"))
    yield f"  never served: {len(never)} schools, among them {'、'.join(row['name'] for row in never[:3])}"
    for by in ("resource_kind", "topic", "grade"):
        rows = world.city.get("/coverage", {"by": by})["rows"]
        most = sorted(rows, key=lambda row: -row["reached"])[:4]
        yield f"  by {by}: " + ", ".join(f"{row['name'] or row['value']} {row['reached']}" for row in most)


def _part(figures: Json | None) -> str:
    if not figures:
        return "none"
    return f"{figures['name']} ({figures['served']} of {figures['schools']} schools)"


def _searches(world: World) -> Iterator[str]:
    for name, total, first in looking.searches(world):
        yield f"  search, {name}: {total} found, first {first}"


def _notices(world: World) -> Iterator[str]:
    counts = world.city.get("/notices/counts")
    yield f"  notices to the city's coordinator: {counts['total']}, {counts['unread']} unread"


def _events(settings: Settings) -> str:
    relay = _metrics(settings.address("relay"))
    heard = sum(_total(_metrics(settings.address(name, "metrics")), _HANDLED) for name in HEARING)
    published = _total(relay, "keqiao_relay_published_total")
    return (
        f"  events: {published:.0f} published, {heard:.0f} consumed,"
        f" {_total(relay, 'keqiao_outbox_waiting'):.0f} waiting (since the processes' last start)"
    )


def _metrics(address: str) -> str:
    return requests.get(f"http://{address}/metrics", timeout=10).text


def _total(text: str, name: str) -> float:
    rows = (line.rsplit(" ", 1) for line in text.splitlines())
    return sum(float(row[1]) for row in rows if row[0].startswith(name))


def check() -> int:
    """Runs the check on the same stack; its exit code."""
    return subprocess.run([sys.executable, "-m", "deploy.check"], check=False).returncode
