"""`python -m deploy.demo`: loads Chifeng into the running stack and drives the main job through the edge."""

from __future__ import annotations

import datetime as dt

from deploy.demo import load_accounts, load_demand
from deploy.demo.client import Api
from deploy.demo.world import world
from deploy.local.environment import environment
from deploy.local.settings import from_environment


def main() -> None:
    variables = environment(from_environment(), "demo")
    there = world(variables, Api(variables["PUBLIC_URL"]))
    load_accounts.load_districts(there)
    load_accounts.load_organisations(there)
    load_accounts.load_people(there, load_accounts.accounts(), "people", {})
    today = dt.date(2026, 11, 24)
    load_demand.load_calendars(there, today)
    load_demand.load_terms(there, today)
    load_demand.load_schools(there)


if __name__ == "__main__":
    main()
