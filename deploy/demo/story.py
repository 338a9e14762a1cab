"""The main job from an empty stack to its summary; every stage leaves alone what it finds done."""

from __future__ import annotations

from deploy.demo import (
    answering,
    load_accounts,
    load_catalog,
    load_demand,
    load_experts,
    looking,
    rounds,
    submitting,
)
from deploy.demo.client import Json
from deploy.demo.crowd import say
from deploy.demo.stack_clock import StackClock
from deploy.demo.timing import Stages
from deploy.demo.wishes import wishes
from deploy.demo.world import World

DRAFTED = ("drawn_up", "reviewed", "published")


def run(world: World, clock: StackClock, stages: Stages) -> Json:
    """Drives everything and returns the round as it ended. Whatever fails raises, and may be run again."""
    with stages.stage("organisations and people"):
        _load_people(world)
    with stages.stage("calendars and schools"):
        _load_schools(world, clock)
    round_ = rounds.find_or_open(world, clock.now())
    with stages.stage("what is offered"):
        _load_offers(world, round_)
    with stages.stage("requests"):
        _submit(world, round_)
    with stages.stage("solving"):
        _solve(world, round_)
    with stages.stage("review and publication"):
        _publish(world, round_)
    with stages.stage("holds, offers and answers"):
        _settle(world, clock)
    return rounds.read(world, round_)


def _load_people(world: World) -> None:
    load_accounts.load_districts(world)
    load_accounts.load_organisations(world)
    load_accounts.load_people(world, load_accounts.accounts(), "people", {})


def _load_schools(world: World, clock: StackClock) -> None:
    today = clock.now().date()
    load_demand.load_calendars(world, today)
    load_demand.load_terms(world, today)
    load_demand.load_schools(world)


def _load_offers(world: World, round_: Json) -> None:
    anchor = rounds.anchor(round_)
    load_catalog.load_topics(world)
    load_catalog.load_venues(world)
    load_catalog.load_units(world, round_["id"], anchor)
    load_catalog.load_shared(world)
    load_catalog.load_programmes(world)
    load_catalog.load_slots(world, round_["id"], anchor)
    load_experts.load_experts(world, anchor)


def _submit(world: World, round_: Json) -> None:
    if rounds.read(world, round_)["state"] == "open":
        submitting.submit(world, wishes(rounds.anchor(round_)), round_["id"])


def _solve(world: World, round_: Json) -> None:
    if rounds.read(world, round_)["state"] == "open":
        submitting.wait_until_heard(world, round_["id"])
        rounds.close(world, round_)
    drawn_up = rounds.wait_for_draft(world, round_)
    say(f"value {drawn_up['value']}, bound {drawn_up['bound']}, gap {drawn_up['gap'] * 100:.2f} %")


def _publish(world: World, round_: Json) -> None:
    if rounds.read(world, round_)["state"] == "drawn_up":
        say(f"moved by hand: {rounds.move_one(world, round_) or 'nothing could be'}")
        rounds.review(world, round_)
    if rounds.read(world, round_)["state"] == "reviewed":
        published = rounds.publish(world, round_)
        say(f"published; seed {published['seed'][:12]}… revealed")


def _settle(world: World, clock: StackClock) -> None:
    seconds = looking.freshness(world)
    if seconds is not None:
        say(f"a booking was seen in search {seconds:.2f} s after its seats were held")
    tally = answering.settle(world, clock.forward)
    clock.reset()
    for answer, count in sorted(tally.answers.items()):
        say(f"{answer}: {count}")
