"""`python -m deploy.simulate`: compares a made season with a changed one, and rounds with first come."""

from __future__ import annotations

import sys

from deploy.simulate import report
from deploy.simulate.asked import asked
from deploy.simulate.changes import NoSuchChange, changed
from deploy.simulate.outcomes import first_come, together
from services.matcher.engine.season import season
from services.matcher.roads import RegionRoads

_WRONG = 2
_TINY = 60


def main() -> int:
    """Print what is asked for as a table; 0, or 2 if nobody knows what to change."""
    wanted = asked()
    # What is compiled the first time is not to come out of the first season's time.
    together(season(_TINY, wanted.seed, RegionRoads()), wanted.limit)
    problem = season(wanted.requests, wanted.seed, RegionRoads())
    if wanted.change:
        try:
            other = changed(problem, wanted.change, wanted.seed)
        except NoSuchChange as error:
            print(f"simulate: {error}", file=sys.stderr)
            return _WRONG
        before, after = (together(each, wanted.limit) for each in (problem, other))
        print("\n".join(report.side_by_side(before, after, wanted.change)))
    if wanted.replay:
        pairs = []
        for seed in range(wanted.seed, wanted.seed + wanted.replay):
            print(f"seed {seed}", file=sys.stderr, flush=True)
            made = season(wanted.requests, seed, RegionRoads())
            pairs.append((seed, first_come(made, seed), together(made, wanted.limit)))
        print("\n".join(report.replayed(pairs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
