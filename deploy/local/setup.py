"""Brings a bare Debian 12 to where the stack can run: packages, user, environments, Elasticsearch."""

from __future__ import annotations

import os
import shutil

from deploy.local import account, artifacts, packages, venvs
from deploy.local.progress import StackError, say
from deploy.local.settings import Settings

_TO_RUN = {
    "ca-certificates": "/etc/ssl/certs/ca-certificates.crt",
    "postgresql": "/usr/lib/postgresql/*/bin/initdb",
    "rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "nginx-light": "/usr/sbin/nginx",
    "python3.11-venv": "/usr/share/python-wheels/pip-*.whl",
    "openjdk-17-jre-headless": "/usr/lib/jvm/*/bin/java",
    "maven": "/usr/bin/mvn",
}
_FOR_TESTS = {"docker-compose": "/usr/bin/docker-compose"}


def run(settings: Settings, tests: bool = False, load: bool = False) -> None:
    """Do every step that is not done yet, saying which; StackError tells what could not be had."""
    os.umask(0o022)  # what is made here is read by the ordinary user
    packages.ensure(_TO_RUN | (_FOR_TESTS if tests else {}))
    _ensure_user()
    venvs.ensure(settings, "dev", settings.venv)
    if load:
        venvs.ensure(settings, "load", settings.checkout / ".venv-load")
    artifacts.ensure_elasticsearch(settings)
    say("setup: ready")


def _ensure_user() -> None:
    if os.geteuid() != 0:
        return
    try:
        account.ordinary()
    except StackError:
        say(f"setup: creating the system user {account.USER}")
        useradd = shutil.which("useradd", path="/usr/sbin:/usr/bin") or "useradd"
        packages.execute(
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", account.USER]
        )
