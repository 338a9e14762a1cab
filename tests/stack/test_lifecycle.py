"""A stack comes up, stays the same, repairs itself, and goes without leaving anything."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import leftovers
from deploy.local.servers import postgres
from deploy.local.settings import HOST
from deploy.local.stack import Stack
from tests.fixtures.own_stack import PARTS

pytestmark = pytest.mark.fault
Eventually = Callable[[Callable[[], object], float], object]


def test_up_twice_starts_nothing_twice(own_stack: Stack) -> None:
    before = {name: own_stack.pid(name) for name in PARTS}
    own_stack.up(PARTS)
    assert {name: own_stack.pid(name) for name in PARTS} == before


def test_it_runs_beside_the_test_stack(own_stack: Stack, stack: Stack) -> None:
    assert own_stack.is_up(["postgres"])
    assert stack.is_up(["postgres"])
    assert own_stack.port("postgres") != stack.port("postgres")
    assert postgres.query(own_stack.settings, "show data_directory") != postgres.query(
        stack.settings, "show data_directory"
    )


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_comes_back_by_itself(own_stack: Stack, eventually: Eventually, name: str) -> None:
    before = own_stack.pid(name)
    assert own_stack.kill(name)
    eventually(lambda: own_stack.pid(name) not in (0, before), 30)
    own_stack.wait_healthy(name)


def test_a_killed_master_does_not_leave_its_workers_in_the_way(
    own_stack: Stack, eventually: Eventually
) -> None:
    master = own_stack.pid("edge")
    orphans = set(leftovers.find(own_stack.settings, "edge")) - {master}
    assert orphans
    os.kill(master, signal.SIGKILL)
    eventually(lambda: not orphans & set(leftovers.find(own_stack.settings, "edge")), 20)
    own_stack.wait_healthy("edge")


def test_up_repairs_a_stack_whose_supervisor_was_killed(own_stack: Stack) -> None:
    postgres.query(own_stack.settings, "create table if not exists kept (word text)")
    postgres.query(own_stack.settings, "insert into kept values ('still here')")
    before = set(leftovers.find(own_stack.settings))
    for pid in leftovers.find(own_stack.settings, leftovers.SUPERVISOR):
        os.kill(pid, signal.SIGKILL)
    own_stack.up(PARTS)
    assert not before & set(leftovers.find(own_stack.settings))
    assert postgres.query(own_stack.settings, "select distinct word from kept") == "still here"


def test_a_stopped_part_stays_down_until_it_is_started(own_stack: Stack) -> None:
    own_stack.stop("mail")
    assert not own_stack.is_up(["mail"])
    own_stack.start("mail")
    assert own_stack.is_up(["mail"])


def test_only_the_invoker_reads_the_secrets(own_stack: Stack) -> None:
    mode = (own_stack.settings.state / "secrets.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_no_command_line_shows_a_secret(own_stack: Stack) -> None:
    secrets = json.loads((own_stack.settings.state / "secrets.json").read_text()).values()
    for pid in leftovers.find(own_stack.settings):
        line = Path(f"/proc/{pid}/cmdline").read_text()
        assert not [secret for secret in secrets if secret in line]


def test_servers_do_not_run_as_root(own_stack: Stack) -> None:
    for name in ("postgres", "rabbitmq", "epmd"):
        assert Path(f"/proc/{own_stack.pid(name)}").stat().st_uid != 0


def test_the_clock_is_moved_and_put_back(own_stack: Stack) -> None:
    own_stack.move_clock(86_400)
    assert float(own_stack.settings.clock.read_text()) == 86_400
    own_stack.reset_clock()
    assert not own_stack.settings.clock.exists()


def test_mail_is_kept_and_listed(own_stack: Stack) -> None:
    _send_mail(own_stack.port("mail", "smtp"))
    address = f"http://{HOST}:{own_stack.port('mail', 'http')}/mails?to=reader@keqiao.invalid"
    with urllib.request.urlopen(address, timeout=5) as answer:
        mail = json.load(answer)["items"][-1]
    assert mail["subject"] == "活动安排已确认"
    assert mail["body"].strip() == "明天见"


def test_down_leaves_no_process_and_no_port(own_stack: Stack) -> None:
    own_stack.down()
    assert leftovers.find(own_stack.settings) == []
    for name, kind in (("postgres", ""), ("rabbitmq", ""), ("epmd", ""), ("mail", "smtp"), ("edge", "")):
        with socket.socket() as probe:
            assert probe.connect_ex((HOST, own_stack.port(name, kind))) != 0, name


def _send_mail(port: int) -> None:
    import smtplib
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["To"] = "notices@keqiao.invalid", "reader@keqiao.invalid"
    message["Subject"] = "活动安排已确认"
    message.set_content("明天见")
    with smtplib.SMTP(HOST, port, timeout=5) as client:
        client.send_message(message)
