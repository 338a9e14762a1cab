"""A projection that lost something is filled again by its owners, and the trail is not written twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg

from deploy.local.stack import Stack
from tests.builders.matcher import School

Eventually = Callable[..., Any]


def test_what_was_lost_comes_back(stack: Stack, school: School, eventually: Eventually) -> None:
    url = stack.environment("operator")["DATABASE_URL"].format(service="ledger")
    school_id = school.organisation["id"]
    with psycopg.connect(url, autocommit=True) as conn:

        def version() -> int | None:
            row = conn.execute("select version from school where id = %s", [school_id]).fetchone()
            return row[0] if row else None

        def acts() -> int:
            row = conn.execute("select count(*) from trail where aggregate_id = %s", [school_id]).fetchone()
            assert row is not None
            return int(row[0])

        before, written = eventually(version, 20), acts()
        conn.execute("delete from school where id = %s", [school_id])
        environ = {**os.environ, **stack.environment("ledger")}
        command = [sys.executable, "-W", "ignore", "-m", "services.chassis.refill", "ledger"]
        subprocess.run(command, env=environ, check=True, timeout=120, capture_output=True)
        assert eventually(version, 60) == before
        assert acts() == written
