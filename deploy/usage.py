"""What a tool without options says of itself when asked for help, or when given what it does not take."""

from __future__ import annotations

import argparse


def takes_nothing(module: str, text: str | None) -> None:
    """Return if the command line is empty; else print `text` (exit 0) or what was not understood (exit 2)."""
    parser = argparse.ArgumentParser(
        prog=f"python3 -m {module}", description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
