"""`python -m deploy.check [--json] [--wait SECONDS]`: every promise with its numbers; exit 1 if broken."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from deploy.check.quiet import in_flight, settler
from deploy.check.reader import CannotRead, live_reader
from deploy.check.rules import matches, messages, places, seats, sharing, views
from deploy.check.verdict import Rule, Verdict, judge

RULES = (
    Rule("seats", "seats taken = live holds + reservations, per slot", seats.seats_are_counted),
    Rule("experts", "no expert in two places, travel included", places.experts_are_in_one_place),
    Rule("units", "no unit in two places, travel included", places.units_are_in_one_place),
    Rule(
        "shared", "no more lent of what sessions share than there is", sharing.no_more_is_lent_than_there_is
    ),
    Rule("matches", "confirmed matches and reservations, one to one", matches.matches_are_reserved),
    Rule("holds", "no hold outlives its match", matches.holds_have_their_match),
    Rule("saga", "every moving match has a next step", matches.moving_matches_go_on),
    Rule("requests", "requests stand where their matches do", matches.requests_stand_where_matches_do),
    Rule("outbox", "every event once, in order, sent or waiting", messages.events_are_in_order),
    Rule("inbox", "every event read by all who hear it", messages.events_are_read),
    Rule("projections", "every projection at its owner's version", views.projections_are_current),
    Rule("trail", "the trail has every act", views.trail_has_every_act),
    Rule("search", "search counts = owners' counts", views.search_has_everything),
)
SHOWN = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the stack that the environment names."""
    options = _options(arguments)
    try:
        verdicts, moving = _judged(options.wait)
    except CannotRead as error:
        print(f"check: FAILED (cannot read {error})")
        return 1
    print(_as_json(verdicts, moving) if options.json else _as_text(verdicts, moving))
    return 0 if all(verdict.ok for verdict in verdicts) else 1


def _judged(wait_seconds: float) -> tuple[list[Verdict], dict[str, int]]:
    with live_reader() as reader:
        settle = settler(reader, wait_seconds, lambda line: print(f"  {line}", file=sys.stderr))
        return judge(RULES, reader, settle), in_flight(reader)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.check", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds to wait for quiet (60)")
    return parser.parse_args(arguments)


def _as_text(verdicts: Sequence[Verdict], moving: dict[str, int]) -> str:
    lines = [line for verdict in verdicts for line in _lines(verdict)]
    lines.append("in flight: " + _list(moving))
    broken = [verdict.rule.name for verdict in verdicts if not verdict.ok]
    return "\n".join([*lines, f"check: {'FAILED (' + ', '.join(broken) + ')' if broken else 'ok'}"])


def _lines(verdict: Verdict) -> list[str]:
    head = f"{'ok    ' if verdict.ok else 'BROKEN'} {verdict.rule.name:12} {verdict.rule.promise}: "
    faults = [f"       {name}: {how}" for name, how in list(verdict.faults.items())[:SHOWN]]
    more = len(verdict.faults) - SHOWN
    return [head + _list(verdict.numbers), *faults, *([f"       and {more} more"] if more > 0 else [])]


def _list(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in numbers.items())


def _as_json(verdicts: Sequence[Verdict], moving: dict[str, int]) -> str:
    rules = {
        verdict.rule.name: {"ok": verdict.ok, "numbers": verdict.numbers, "faults": verdict.faults}
        for verdict in verdicts
    }
    ok = all(verdict.ok for verdict in verdicts)
    return json.dumps({"ok": ok, "rules": rules, "in_flight": moving}, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    sys.exit(main())
