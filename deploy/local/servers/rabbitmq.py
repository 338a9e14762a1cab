"""RabbitMQ and its port mapper: own node, own ports, own folders, topology loaded at boot."""

from __future__ import annotations

import socket
from pathlib import Path

from deploy.local import account, secret_store
from deploy.local.progress import StackError
from deploy.local.servers.program import BASE_VARIABLES, Program
from deploy.local.settings import HOST, Settings
from deploy.rabbitmq import topology

_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
_EPMD = Path("/usr/bin/epmd")
_GREETING = b"AMQP\x00\x00\x09\x01"
_METHOD_FRAME = b"\x01"
#: An address as host part: a bare machine has no /etc/hosts that would resolve a name.
NODE = f"keqiao@{HOST}"


def prepare(settings: Settings) -> None:
    """Lay the node's folders, settings, cookie and definitions."""
    owner = account.ordinary()
    home = account.folder(settings.state / "rabbitmq", owner)
    secrets = secret_store.load(settings.state)
    account.write(home / ".erlang.cookie", secrets["erlang.cookie"], owner, mode=0o400)
    account.write(home / "rabbitmq.conf", _conf(settings, home), owner)
    account.write(home / "enabled_plugins", "[].\n", owner)
    passwords = {name.removeprefix("amqp."): secrets[name] for name in secrets if name.startswith("amqp.")}
    definitions = topology.definitions(passwords)
    account.write(home / "definitions.json", definitions, owner)
    if not is_healthy(settings):
        account.write(home / "definitions.loaded", definitions, owner)  # a broker that starts now loads them


def program(settings: Settings) -> Program:
    """The broker as one process (no shell in between, so that one signal reaches it)."""
    home = settings.state / "rabbitmq"
    variables = _node(settings) | {
        "RABBITMQ_ALLOW_INPUT": "1",  # the start script then becomes the broker instead of guarding it
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_DIST_PORT": str(settings.port("rabbitmq", "distribution")),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput -start_epmd false +S 2:2"
        " -kernel inet_dist_use_interface {127,0,0,1}",
    }
    return Program((str(_script("rabbitmq-server")),), variables, home, account.ordinary())


def epmd_program(settings: Settings) -> Program:
    """Erlang's port mapper, supervised so that it ends with the stack."""
    if not _EPMD.exists():
        raise StackError("Erlang's epmd is not installed; run `make setup`")
    home = settings.state / "rabbitmq"
    command = (str(_EPMD), "-port", str(settings.port("epmd")), "-address", HOST)
    return Program(command, {"HOME": str(home)}, home, account.ordinary())


def watched(settings: Settings) -> list[Path]:
    """Files whose change calls for a restart."""
    return [settings.state / "rabbitmq/rabbitmq.conf"]


def is_healthy(settings: Settings) -> bool:
    """Whether the broker greets an AMQP client; listeners open only after the definitions are in."""
    try:
        with socket.create_connection((HOST, settings.port("rabbitmq")), timeout=2) as link:
            link.sendall(_GREETING)
            return link.recv(1) == _METHOD_FRAME
    except OSError:
        return False


def epmd_is_healthy(settings: Settings) -> bool:
    """Whether the port mapper accepts connections."""
    try:
        with socket.create_connection((HOST, settings.port("epmd")), timeout=2):
            return True
    except OSError:
        return False


def provision(settings: Settings) -> None:
    """Import the definitions again, for a broker that was already running when they changed."""
    home = settings.state / "rabbitmq"
    wanted = (home / "definitions.json").read_text()
    if (home / "definitions.loaded").read_text() != wanted:
        control(settings, "import_definitions", str(home / "definitions.json"))
        account.write(home / "definitions.loaded", wanted, account.ordinary())


def control(settings: Settings, *arguments: str) -> str:
    """What `rabbitmqctl` says to these arguments; StackError with its words when it fails."""
    variables = {**BASE_VARIABLES, **_node(settings)}
    home = settings.state / "rabbitmq"
    command = [str(_script("rabbitmqctl")), "--longnames", "-n", NODE, "-q", *arguments]
    return account.run_as(account.ordinary(), command, cwd=home, env=variables)


def _node(settings: Settings) -> dict[str, str]:
    home = settings.state / "rabbitmq"
    return {
        "HOME": str(home),
        "RABBITMQ_NODENAME": NODE,
        "RABBITMQ_USE_LONGNAME": "true",
        "RABBITMQ_CONF_ENV_FILE": str(home / "no-env.conf"),
        "ERL_EPMD_PORT": str(settings.port("epmd")),
        "ERL_EPMD_ADDRESS": HOST,
    }


def _conf(settings: Settings, home: Path) -> str:
    shared = (settings.checkout / "deploy/rabbitmq/rabbitmq.conf").read_text()
    local = shared.replace("/etc/rabbitmq/definitions.json", str(home / "definitions.json"))
    return f"{local}listeners.tcp.local = {settings.address('rabbitmq')}\n"


def _script(name: str) -> Path:
    if not (_SCRIPTS / name).exists():
        raise StackError("RabbitMQ is not installed; run `make setup`")
    return _SCRIPTS / name
