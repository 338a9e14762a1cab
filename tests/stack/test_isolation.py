"""Each service's database role and broker user is refused what belongs to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import amqp
import psycopg
import pytest

from deploy.local.processes import DATABASES, SERVICES
from deploy.local.settings import HOST
from deploy.local.stack import Stack
from deploy.rabbitmq.topology import CALLS, HEARS


@contextmanager
def _channel(stack: Stack, user: str) -> Iterator[amqp.Channel]:
    secret = stack.environment(user)["AMQP_URL"].split(":")[2].split("@")[0]
    place = f"{HOST}:{stack.port('rabbitmq')}"
    connection = amqp.Connection(host=place, userid=user, password=secret, virtual_host="keqiao")
    connection.connect()
    try:
        yield connection.channel()
    finally:
        connection.close()


def _is_refused(stack: Stack, user: str, act: Callable[[amqp.Channel], object]) -> bool:
    with _channel(stack, user) as channel:
        try:
            act(channel)
        except amqp.exceptions.AccessRefused:
            return True
    return False


def _publish(channel: amqp.Channel, exchange: str, routing_key: str) -> None:
    channel.confirm_select()
    channel.basic_publish_confirm(amqp.Message("{}"), exchange=exchange, routing_key=routing_key)


@pytest.mark.parametrize("service", DATABASES)
def test_a_role_cannot_connect_to_a_neighbours_database(stack: Stack, service: str) -> None:
    own = stack.environment(service)["DATABASE_URL"]
    for neighbour in set(DATABASES) - {service}:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(own.removesuffix(service) + neighbour)


@pytest.mark.parametrize("service", DATABASES)
def test_a_service_cannot_change_its_own_schema(stack: Stack, service: str) -> None:
    with psycopg.connect(stack.environment(service)["DATABASE_URL"]) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create table smuggled (id int)")
        connection.rollback()


def test_the_checker_reads_everywhere_and_writes_nowhere(stack: Stack) -> None:
    pattern = stack.environment("checker")["CHECKER_DATABASE_URL"]
    for service in DATABASES:
        with psycopg.connect(pattern.format(service=service)) as connection:
            connection.execute("select count(*) from pg_class")
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute("create table smuggled (id int)")
            connection.rollback()


@pytest.mark.parametrize("service", SERVICES)
def test_a_user_cannot_declare_or_read_a_neighbours_queue(stack: Stack, service: str) -> None:
    neighbour = "ledger" if service != "ledger" else "catalog"
    assert _is_refused(stack, service, lambda channel: channel.queue_declare(f"{neighbour}.stolen"))
    assert _is_refused(stack, service, lambda channel: channel.basic_get(f"{neighbour}.inbox"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_user_sends_commands_only_to_those_it_calls(stack: Stack, service: str) -> None:
    for owner in set(SERVICES) - {service}:
        refused = _is_refused(stack, service, partial(_publish, exchange=f"{owner}.rpc", routing_key="no"))
        assert refused == (owner not in CALLS[service]), owner


@pytest.mark.parametrize("service", SERVICES)
def test_a_user_binds_only_to_the_events_it_hears(stack: Stack, service: str) -> None:
    for owner in set(SERVICES) - {service}:
        assert _binding_is_refused(stack, service, f"{owner}.events") == (owner not in HEARS[service]), owner
        assert _binding_is_refused(stack, service, f"{owner}.rpc"), owner


def test_nobody_but_its_owner_and_the_relay_publishes_events(stack: Stack) -> None:
    assert _is_refused(stack, "catalog", lambda channel: _publish(channel, "demand.events", "no"))
    assert not _is_refused(
        stack, "relay", lambda channel: _publish(channel, "demand.events", "nobody.listens")
    )
    assert _is_refused(stack, "relay", lambda channel: channel.queue_declare("demand.inbox2"))


def _binding_is_refused(stack: Stack, service: str, exchange: str) -> bool:
    def bind(channel: amqp.Channel) -> None:
        queue = f"{service}.trial"
        channel.queue_declare(queue, durable=False, exclusive=True)
        channel.queue_bind(queue, exchange, routing_key="nothing.at.all")

    return _is_refused(stack, service, bind)
