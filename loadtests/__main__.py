"""`python -m loadtests`: see `loadtests/run.py`."""

from __future__ import annotations

import sys

from loadtests.run import main

if __name__ == "__main__":
    sys.exit(main())
