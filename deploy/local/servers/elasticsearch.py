"""Elasticsearch's minimal distribution on the machine's Java, one node, half a gigabyte."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from deploy.local import account
from deploy.local.probing import body_of
from deploy.local.progress import StackError
from deploy.local.servers.program import Program
from deploy.local.settings import HOST, Settings, reachable_by_others

#: version -> the oldest Java that it runs on, and the checksum of its minimal distribution.
SUPPORTED = {
    "8.19.9": (17, "6a0603db2b0406776dcf15df248294941f310e9183ca18a219bc8c6d57546ff0"),
    "9.5.3": (21, "bec49f3b8d00e75c8d1cec85c35298635ec9fbd3ae80ef5aeb6bc05abdb3db2d"),
}
_USUAL_FOLDERS = ("/usr/lib/jvm/*", "/usr/local/lib/jvm/*", "/opt/java/*", "/opt/jdk*")
_SETTINGS_FILES = ("elasticsearch.yml", "jvm.options", "jvm.options.d/heap.options")
_HEAP = "-Xms512m\n-Xmx512m\n"
#: A node that lives for minutes never earns back what its second compiler takes: half of its start's time.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1"


def prepare(settings: Settings) -> None:
    """Lay the node's folders and settings; security must be off before its first start."""
    owner = account.ordinary()
    home = account.folder(settings.state / "elasticsearch", owner)
    conf = account.folder(home / "config", owner)
    for name in ("data", "log", "tmp"):
        account.folder(home / name, owner)
    source = distribution(settings)
    account.write(conf / "log4j2.properties", (source / "config/log4j2.properties").read_text(), owner)
    account.write(conf / "jvm.options", _jvm_options(source), owner)
    account.folder(conf / "jvm.options.d", owner)
    quick = f"{_SHORT_LIVED}\n" if settings.environment == "test" else ""
    account.write(conf / "jvm.options.d/heap.options", _HEAP + quick, owner)
    account.write(conf / "elasticsearch.yml", _conf(settings, home), owner)


def program(settings: Settings) -> Program:
    """The node in the foreground."""
    home = settings.state / "elasticsearch"
    variables = {
        "HOME": str(home),
        "ES_JAVA_HOME": str(java_home(SUPPORTED[settings.elasticsearch][0])),
        "ES_PATH_CONF": str(home / "config"),
        "ES_TMPDIR": str(home / "tmp"),
        "CLI_JAVA_OPTS": _SHORT_LIVED,  # of the launcher, which does nothing once the node is there
    }
    command = (str(distribution(settings) / "bin/elasticsearch"),)
    return Program(command, variables, home, account.ordinary())


def watched(settings: Settings) -> list[Path]:
    """Files whose change calls for a restart."""
    return [settings.state / "elasticsearch/config" / name for name in _SETTINGS_FILES]


def is_healthy(settings: Settings) -> bool:
    """Whether the cluster is green or yellow (the minimal distribution answers nothing on `/`)."""
    body = body_of(f"http://{settings.address('elasticsearch')}/_cluster/health")
    return body is not None and json.loads(body)["status"] in ("green", "yellow")


def distribution(settings: Settings) -> Path:
    """Where set-up unpacked the distribution; StackError before it did."""
    folder = settings.cache / f"elasticsearch-{settings.elasticsearch}"
    if not (folder / "bin/elasticsearch").exists():
        raise StackError("Elasticsearch is not unpacked; run `make setup`")
    return folder


def java_home(oldest: int) -> Path:
    """A Java that is new enough and that any user can reach: JAVA_HOME, the usual folders, the system's."""
    for home in _java_candidates():
        if _major_version(home) >= oldest:
            return home
    raise StackError(f"no Java {oldest} or newer was found; run `make setup`, or set JAVA_HOME")


def _java_candidates() -> list[Path]:
    named = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    usual = [path for pattern in _USUAL_FOLDERS for path in sorted(Path("/").glob(pattern.lstrip("/")))]
    return [home for home in (*named, *usual) if (home / "bin/java").exists() and reachable_by_others(home)]


def _major_version(home: Path) -> int:
    result = subprocess.run([home / "bin/java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', result.stderr)
    return int(found[1]) if found else 0


def _jvm_options(source: Path) -> str:
    # Without the collector's own log, which may grow to 2 GB.
    lines = (source / "config/jvm.options").read_text().splitlines()
    return "".join(f"{line}\n" for line in lines if "-Xlog:gc" not in line)


def _conf(settings: Settings, home: Path) -> str:
    shared = (settings.checkout / "deploy/elasticsearch/elasticsearch.yml").read_text()
    local = {
        "path.data": home / "data",
        "path.logs": home / "log",
        "network.host": HOST,
        "http.port": settings.port("elasticsearch", "http"),
        "transport.port": settings.port("elasticsearch", "transport"),
    }
    return shared + "".join(f"{key}: {value}\n" for key, value in local.items())
