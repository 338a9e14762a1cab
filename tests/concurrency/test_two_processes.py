"""Two catalog processes at once, asked over the bus: the last seats, and one sweep between them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import requests

from deploy.local.stack import Extra, Stack
from services.chassis import rpc
from tests.builders.accounts import nobody, the_operator
from tests.builders.holds import in_minutes, seats_item
from tests.builders.provider import a_provider, a_slot
from tests.concurrency.parallel import each, together
from tests.fixtures.stack import poll

Json = dict[str, Any]
CALLERS = 20


@pytest.fixture(scope="module")
def second(stack: Stack) -> Iterator[Extra]:
    """A second process of catalog, on the same queue and the same database."""
    extra = stack.spawn_extra("catalog", "second")
    yield extra
    extra.kill()


@pytest.fixture
def slot(stack: Stack, districts: None) -> Json:
    """A slot of thirty seats."""
    return a_slot(a_provider(stack, the_operator(stack)))


def hold_all(url: str, items: list[Json]) -> list[Json]:
    """One call an item over one connection, sent again under the same hold id until it is answered."""
    with rpc.client(url, "matcher") as client:
        return [_answered(client, item) for item in items]


def _answered(client: rpc.PlainClient, item: Json) -> Json:
    for _ in range(20):
        with suppress(rpc.NoAnswer, rpc.Refused):
            answer = client.call("catalog", "hold_many", {"items": [item]}, deadline_seconds=3)
            outcome: Json = answer["items"][0]
            return outcome
    raise AssertionError("nobody answered for a minute")


def give_back(url: str, items: list[Json]) -> None:
    """No match has these holds, and a check of the whole stack would say so."""
    given = [{"hold_id": item["hold_id"]} for item in items]
    with rpc.client(url, "matcher") as client:
        for start in range(0, len(given), 50):
            client.call("catalog", "release_many", {"items": given[start : start + 50]}, deadline_seconds=20)


def served(metrics_port: int) -> float:
    """How many calls of hold_many a process has answered."""
    text = requests.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=10).text
    lines = [line for line in text.splitlines() if "hold_many" in line and "_total{" in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def test_two_hundred_callers_share_thirty_seats_through_two_processes(
    stack: Stack, second: Extra, slot: Json
) -> None:
    dice = random.Random(4)
    items = [seats_item(slot, dice.choice([4, 7, 11, 13])) for _ in range(200)]
    ports = (stack.port("catalog", "metrics"), second.metrics_port)
    before = [served(port) for port in ports]
    url = stack.environment("matcher")["AMQP_URL"]
    runs = together(each(partial(hold_all, url), [items[n::CALLERS] for n in range(CALLERS)]), timeout=120)
    outcomes = [outcome for run in runs for outcome in run]
    assert all(served(port) > was for port, was in zip(ports, before, strict=True)), "one process did it all"
    sizes = {item["hold_id"]: item["quantity"] for item in items}
    held = sum(sizes[str(out["hold_id"])] for out in outcomes if out["outcome"] == "held")
    refused = [sizes[str(out["hold_id"])] for out in outcomes if out["outcome"] == "refused"]
    seen = nobody(stack).get(f"/slots/{slot['id']}").json()
    assert held == seen["taken"] <= 30
    assert min(refused) > seen["free"], "somebody who was refused would still fit"
    assert Counter(out["code"] for out in outcomes).keys() == {None, "not_enough_seats"}
    give_back(url, items)


def test_two_sweepers_give_seats_back_once(stack: Stack, second: Extra, slot: Json) -> None:
    items = [seats_item(slot, 3, expires_at=in_minutes(0.08)) for _ in range(10)]
    assert {out["outcome"] for out in hold_all(stack.environment("matcher")["AMQP_URL"], items)} == {"held"}
    path = f"/slots/{slot['id']}"
    poll(lambda: nobody(stack).get(path).json()["taken"] == 0, 20)
    assert nobody(stack).get(path).json()["groups_taken"] == 0


@pytest.mark.fault
def test_a_process_killed_among_its_calls_sells_nothing_twice(stack: Stack, slot: Json) -> None:
    doomed = stack.spawn_extra("catalog", "doomed")
    items = [seats_item(slot, 1) for _ in range(200)]
    url = stack.environment("matcher")["AMQP_URL"]

    def kill_in_the_middle() -> list[Json]:
        poll(lambda: served(doomed.metrics_port) > 5, 30)
        doomed.kill()
        return []

    calls = each(partial(hold_all, url), [items[n::CALLERS] for n in range(CALLERS)])
    runs = together([*calls, kill_in_the_middle], timeout=120)
    outcomes = Counter(outcome["outcome"] for run in runs for outcome in run)
    assert outcomes == {"held": 30, "refused": 170}
    assert nobody(stack).get(f"/slots/{slot['id']}").json()["taken"] == 30
    give_back(url, items)
