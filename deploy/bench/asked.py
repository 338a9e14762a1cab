"""What a measurement is asked for: by the command line, else by the environment, as `make` hands it on."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

THREADS = 2
HUNDRED = 100
_NUMBERS: tuple[tuple[str, type[int] | type[float], str], ...] = (
    ("requests", int, "5000"),
    ("limit", float, "60"),
    ("seed", int, "7"),
    ("fairness", int, "0"),
)
_PURPOSE = "measures the engine on seasons and public instances."
MODES = ("matching", "at-once", "event", "gap", "rivals")
TABLED = ("matching", "gap", "rivals")


class Size(NamedTuple):
    """A row of the table: so many requests in so many seconds."""

    requests: int
    limit: float


@dataclass(frozen=True, slots=True)
class Asked:
    """One command; `limit` in seconds, `dir` a folder of instances or None for made seasons.

    `fairness` is how much of the fair plan each district keeps, in percent. Where `seeds` are given a table
    of medians over them goes into `page`, else docs/benchmarks.md; `sizes` are the rows of one on seasons.
    """

    mode: str
    requests: int
    limit: float
    seed: int
    fairness: int
    dir: Path | None
    sizes: tuple[Size, ...]
    seeds: tuple[int, ...]
    page: Path | None


def asked(arguments: list[str] | None = None, variables: Mapping[str, str] = os.environ) -> Asked:
    """What is asked for; ends the program with what is wrong about it."""
    given = _parser(variables).parse_args(arguments)
    if given.requests < 1 or not 0 < given.limit < 1e6:
        raise SystemExit("REQUESTS and LIMIT must be above zero")
    if not 0 <= given.fairness <= HUNDRED:
        raise SystemExit("FAIRNESS is from 0 to 100")
    if given.seeds and given.mode not in TABLED:
        raise SystemExit(f"SEEDS is for {', '.join(TABLED)}")
    return Asked(
        mode=given.mode,
        requests=given.requests,
        limit=given.limit,
        seed=given.seed,
        fairness=given.fairness,
        dir=Path(given.dir) if given.dir else None,
        sizes=_sizes(given.sizes, given.limit),
        seeds=_numbers(given.seeds),
        page=Path(given.page) if given.page else None,
    )


def _parser(variables: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.bench", description=_PURPOSE)
    parser.add_argument("mode", choices=MODES)
    # A default that is a text is read as one that was given.
    for name, kind, usual in _NUMBERS:
        parser.add_argument(f"--{name}", type=kind, default=variables.get(name.upper()) or usual)
    parser.add_argument("--dir", default=variables.get("DIR"), help="a folder of GAP files")
    parser.add_argument(
        "--sizes", default=variables.get("SIZES") or "500,5000", help="for the table, like 500:10,5000:60"
    )
    parser.add_argument("--seeds", default=variables.get("SEEDS") or "", help="write a table, like 7,8,9")
    parser.add_argument("--page", help="the page that the table is written into")
    return parser


def _sizes(text: str, limit: float) -> tuple[Size, ...]:
    """Words like 5000 or 5000:60, with their own seconds."""
    try:
        parted = (word.partition(":") for word in text.split(",") if word)
        return tuple(Size(int(number), float(seconds or limit)) for number, _, seconds in parted)
    except ValueError:
        raise SystemExit(f"{text!r} is no list of sizes, like 500:10,5000:60") from None


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(",") if word)
    except ValueError:
        raise SystemExit(f"{text!r} is no list of whole numbers") from None
