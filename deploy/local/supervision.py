"""Keeps the processes running: writes supervisord's configuration, starts it, talks to it over its socket."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import subprocess
import tempfile
import time
import xmlrpc.client
from contextlib import closing
from pathlib import Path
from typing import Any

from deploy.local import leftovers
from deploy.local.processes import PROCESSES, Process
from deploy.local.progress import StackError, say, tail
from deploy.local.servers.program import BASE_VARIABLES
from deploy.local.settings import Settings

_SOCKET_LIMIT = 90  # the kernel refuses socket paths over 107 bytes
_START_DEADLINE_SECONDS = 20.0
_POLL_SECONDS = 0.1
_ANSWER_SECONDS = 30.0
ALIVE = ("STARTING", "RUNNING", "BACKOFF")


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_ANSWER_SECONDS)
        self.sock.connect(str(self._path))


class Supervisor:
    """This stack's supervisord; every method but `is_running` and `ensure_running` needs it to run."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._socket = socket_path(settings)

    def is_running(self) -> bool:
        """Whether supervisord answers."""
        try:
            return bool(self._call("supervisor.getState")["statecode"] == 1)
        except (OSError, xmlrpc.client.Fault, http.client.HTTPException):
            return False

    def ensure_running(self) -> None:
        """Start supervisord unless it runs with the present configuration; ends what a dead one left."""
        wanted = configuration(self._settings)
        path = self._settings.state / "supervisord.conf"
        if self.is_running() and path.exists() and path.read_text() == wanted:
            return
        self._clear_ground()
        path.write_text(wanted)
        self._start(path)

    def state(self, name: str) -> str:
        """supervisord's word: RUNNING, STARTING, BACKOFF, STOPPED, EXITED, FATAL or STOPPING."""
        return str(self._info(name)["statename"])

    def pid(self, name: str) -> int:
        """The process id, 0 when it does not run."""
        return int(self._info(name)["pid"])

    def uptime(self, name: str) -> int:
        """Seconds since the last start."""
        info = self._info(name)
        return int(info["now"] - info["start"]) if info["pid"] else 0

    def start(self, name: str) -> None:
        """Ask for the process to be started; nothing happens when it already runs."""
        if self.state(name) not in ALIVE:
            self._call("supervisor.startProcess", name, False)

    def stop(self, names: list[str]) -> None:
        """Stop these processes at once, one signal each, and wait until all have ended."""
        running = [name for name in names if self.state(name) in ALIVE]
        for name in running:
            self._call("supervisor.stopProcess", name, False)
        self._wait_stopped(names)

    def shutdown(self) -> None:
        """End supervisord itself, and whatever still runs under it."""
        pid = int(self._call("supervisor.getPID"))
        self._call("supervisor.shutdown")
        deadline = time.monotonic() + 60
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _wait_stopped(self, names: list[str]) -> None:
        longest = max((PROCESSES[name].stop_seconds for name in names), default=0)
        deadline = time.monotonic() + longest + 10
        while any(self.state(name) in (*ALIVE, "STOPPING") for name in names):
            if time.monotonic() > deadline:
                raise StackError(f"did not stop within {longest + 10} s: {', '.join(names)}")
            time.sleep(_POLL_SECONDS)

    def _info(self, name: str) -> dict[str, Any]:
        return dict(self._call("supervisor.getProcessInfo", name))

    def _call(self, method: str, *arguments: Any) -> Any:
        body = xmlrpc.client.dumps(arguments, method).encode()
        with closing(_SocketConnection(self._socket)) as connection:
            connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
            answer, _ = xmlrpc.client.loads(connection.getresponse().read())
        return answer[0]

    def _clear_ground(self) -> None:
        if self.is_running():
            say("supervisor: settings changed, starting it anew")
            self.shutdown()
        ended = leftovers.end(self._settings, patience_seconds=8.0)
        if ended:
            say(f"ended {len(ended)} processes that an earlier run left")
        self._socket.unlink(missing_ok=True)

    def _start(self, conf: Path) -> None:
        python = self._settings.venv / "bin/python"
        if not python.exists():
            raise StackError("the virtual environment .venv is missing; run `make setup`")
        command = [str(python), "-m", "supervisor.supervisord", "-c", str(conf)]
        result = subprocess.run(
            command,
            cwd=self._settings.checkout,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        deadline = time.monotonic() + _START_DEADLINE_SECONDS
        while not self.is_running():
            if result.returncode != 0 or time.monotonic() > deadline:
                log = tail(self._settings.logs / "supervisord.log")
                raise StackError(f"supervisord did not start: {result.stderr.strip()}\n{log}")
            time.sleep(_POLL_SECONDS)

    def _variables(self) -> dict[str, str]:
        java = {"JAVA_HOME": os.environ["JAVA_HOME"]} if "JAVA_HOME" in os.environ else {}
        mark = {leftovers.MARK: leftovers.SUPERVISOR, "PYTHONPATH": str(self._settings.checkout)}
        return {**BASE_VARIABLES, **java, **self._settings.marker(), **mark}


def socket_path(settings: Settings) -> Path:
    """Where supervisord listens: in the state directory, or under a short name when that is too long."""
    path = settings.state / "supervisor.sock"
    if len(str(path)) <= _SOCKET_LIMIT:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"keqiao-{digest}.sock"


def configuration(settings: Settings) -> str:
    """supervisord's configuration for this stack; it holds no secret."""
    programs = "\n".join(_program(settings, process) for process in PROCESSES.values())
    return f"{_daemon(settings)}\n{programs}"


def _daemon(settings: Settings) -> str:
    environment = _assignments(settings, leftovers.SUPERVISOR)
    return f"""\
[supervisord]
logfile={settings.logs}/supervisord.log
logfile_maxbytes=2MB
logfile_backups=2
pidfile={settings.state}/supervisord.pid
childlogdir={settings.logs}
environment={environment}
umask=022
silent=true

[unix_http_server]
file={socket_path(settings)}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""


def _program(settings: Settings, process: Process) -> str:
    return f"""\
[program:{process.name}]
command={settings.venv}/bin/python -m deploy.local.launch {process.name}
directory={settings.checkout}
environment={_assignments(settings, process.name)}
priority={int(process.stage)}
autostart=false
autorestart=true
startsecs=1
startretries=40
stopsignal={process.stop_signal}
stopwaitsecs={process.stop_seconds}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={settings.logs}/{process.name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""


def _assignments(settings: Settings, name: str) -> str:
    variables = settings.marker() | {leftovers.MARK: name, "PYTHONPATH": str(settings.checkout)}
    return ",".join(f'{key}="{value}"' for key, value in variables.items()).replace("%", "%%")
