"""What is to be simulated: by the command line, else by the environment, as `make` hands it on."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass

_PURPOSE = "compares a made season with a changed one, and rounds with first come."


@dataclass(frozen=True, slots=True)
class Asked:
    """A season and what is changed in it; `replay` is on how many seeds first come, first served is tried."""

    requests: int
    seed: int
    limit: float
    change: str
    replay: int


def asked(arguments: list[str] | None = None, variables: Mapping[str, str] = os.environ) -> Asked:
    """What is asked for; ends the program with what is wrong about it."""
    given = _parser(variables).parse_args(arguments)
    if given.requests < 1 or given.replay < 0 or not 0 < given.limit < 1e6:
        raise SystemExit("REQUESTS and LIMIT must be above zero, REPLAY not below")
    if not given.change and not given.replay:
        raise SystemExit("say what to change (CHANGE='demand=1.2 experts=3@150421'), or REPLAY=5")
    return Asked(given.requests, given.seed, given.limit, given.change, given.replay)


def _parser(variables: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.simulate", description=_PURPOSE)
    # A default that is a text is read as one that was given.
    for name, kind, usual in (("requests", int, "1000"), ("limit", float, "20"), ("seed", int, "7")):
        parser.add_argument(f"--{name}", type=kind, default=variables.get(name.upper()) or usual)
    parser.add_argument("--change", default=variables.get("CHANGE") or "", help="see docs/what-if.md")
    parser.add_argument("--replay", type=int, default=variables.get("REPLAY") or "0", help="so many seeds")
    return parser
