"""The compose stack's migrate step: every database to its newest shape as its owner, and all queues."""

from __future__ import annotations

import os
import subprocess
import sys

from deploy.local.processes import SERVICES
from deploy.local.settings import CHECKOUT
from deploy.usage import takes_nothing


def main() -> int:
    """Stops at the first service that fails, with its exit code."""
    for service in SERVICES:
        status = _migrate(service)
        if status != 0:
            return status
    status = _run(_variables("accounts"), "services.accounts.bootstrap")
    return status or _run(dict(os.environ), "services.chassis.prepare", *SERVICES)


def _migrate(service: str) -> int:
    if not (CHECKOUT / "services" / service / "migrations").is_dir():
        return 0
    return _run(_variables(service), "services.chassis.migrate", service)


def _variables(service: str) -> dict[str, str]:
    owner = os.environ[f"DATABASE_OWNER_URL_{service.upper()}"]
    return {**os.environ, "KEQIAO_SERVICE": service, "DATABASE_OWNER_URL": owner}


def _run(variables: dict[str, str], module: str, *arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", module, *arguments], env=variables, check=False).returncode


if __name__ == "__main__":
    takes_nothing("deploy.compose.migrate", __doc__)
    sys.exit(main())
