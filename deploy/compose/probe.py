"""A container's health check: asks the process in it whether it is ready, and says so by the exit code."""

from __future__ import annotations

import os
import sys
import urllib.request

from deploy.usage import takes_nothing


def address() -> str:
    """Where to ask, from the container's own variables."""
    if "METRICS_ADDRESS" in os.environ:
        return f"http://127.0.0.1:{_port('METRICS_ADDRESS')}/health/ready"
    return f"http://127.0.0.1:{_port('HTTP_ADDRESS')}/mails?limit=1"


def main() -> int:
    """0 when ready, else 1."""
    try:
        with urllib.request.urlopen(address(), timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


def _port(variable: str) -> str:
    return os.environ[variable].rsplit(":", 1)[1]


if __name__ == "__main__":
    takes_nothing("deploy.compose.probe", __doc__)
    sys.exit(main())
