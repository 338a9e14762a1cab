"""`python -m deploy.bench MODE`: measures the engine on seasons and public instances."""

from __future__ import annotations

import sys

from deploy.bench import at_once, gap, matching, mending, rivals, tables
from deploy.bench.asked import asked


def main() -> int:
    """Run what is asked for; 0, or 2 if there is nothing to measure."""
    wanted = asked()
    modes = {
        "matching": matching.run,
        "at-once": at_once.run,
        "event": mending.run,
        "gap": gap.run,
        "rivals": rivals.run,
    }
    return tables.run(wanted) if wanted.seeds else modes[wanted.mode](wanted)


if __name__ == "__main__":
    sys.exit(main())
