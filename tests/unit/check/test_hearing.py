"""Who hears whom, read off the services' code, is what the broker's permissions allow."""

from pathlib import Path

import pytest

from deploy.check import hearing
from deploy.rabbitmq.topology import HEARS


def test_every_service_that_may_hear_does() -> None:
    assert set(hearing.hearing()) == {service for service, owners in HEARS.items() if owners}


def test_nobody_hears_whom_the_broker_keeps_from_them() -> None:
    for service, heard in hearing.hearing().items():
        assert set(heard) <= set(HEARS[service]), service


def test_the_ledger_hears_every_aggregate_that_anybody_hears() -> None:
    heard = hearing.hearing()
    for consumer, owners in heard.items():
        for owner, aggregates in owners.items():
            assert set(aggregates) <= set(heard["ledger"][owner]), consumer


@pytest.mark.parametrize(
    "line",
    ['@inbox.consume({"a": ["x", "y"]}, whole=True)', '@consume({"a": ["x", "y"]})', "@inbox.consume(HEARS)"],
)
def test_the_line_may_be_written_in_several_ways(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = tmp_path / "one/service.py"
    service.parent.mkdir()
    service.write_text(f'HEARS = {{"a": ["x", "y"]}}\n\n{line}\ndef hear(fact): ...\n')
    monkeypatch.setattr(hearing, "SERVICES", tmp_path)
    assert hearing.hearing.__wrapped__() == {"one": {"a": ["x", "y"]}}
