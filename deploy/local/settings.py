"""Which stack is meant: checkout, state directory, port base and environment, from KEQIAO_* variables."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local.processes import named

CHECKOUT = Path(__file__).resolve().parents[2]
DEFAULT_PORT_BASE = 7600
DEFAULT_TEST_PORT_BASE = 7800
#: From one test stack's ports to the next one's: between them lie the small stacks that some tests put up.
TEST_STACKS_APART = 300
#: As many as deploy/testing.py has lanes.
TEST_STACKS = 2
ENVIRONMENTS = ("development", "test", "demo", "production")
HOST = "127.0.0.1"
#: Runs on the Java that Debian 12 has; see SUPPORTED in servers/elasticsearch.py for others.
DEFAULT_ELASTICSEARCH = "8.19.9"
_ENVIRONMENT_FILE = "environment"


@dataclass(frozen=True)
class Settings:
    """The identity of one stack; two stacks with different state and port base never meet."""

    state: Path
    port_base: int
    environment: str
    checkout: Path = CHECKOUT
    elasticsearch: str = DEFAULT_ELASTICSEARCH

    @property
    def venv(self) -> Path:
        """The virtual environment that services, tests and the supervisor run in."""
        return self.checkout / ".venv"

    @property
    def logs(self) -> Path:
        """One log file a process, rotated by the supervisor."""
        return self.state / "logs"

    @property
    def clock(self) -> Path:
        """The file that holds the stack's offset from real time, in seconds."""
        return self.state / "clock"

    @property
    def compiled(self) -> Path:
        """Where the solvers of this checkout's stacks keep what they have compiled, for their next lives."""
        return reachable_root(self.checkout) / "compiled"

    @property
    def cache(self) -> Path:
        """What set-up unpacked for every stack of this checkout."""
        return reachable_root(self.checkout) / "cache"

    def port(self, name: str, kind: str = "") -> int:
        """The port of a process; without `kind` its first one (a service's HTTP port)."""
        offsets = named(name).offsets
        return self.port_base + offsets[kind or next(iter(offsets))]

    def address(self, name: str, kind: str = "") -> str:
        """host:port of a process."""
        return f"{HOST}:{self.port(name, kind)}"

    def marker(self) -> dict[str, str]:
        """The variables by which any of the stack's processes finds the same stack again."""
        return {
            "KEQIAO_STATE": str(self.state),
            "KEQIAO_PORT_BASE": str(self.port_base),
            "KEQIAO_ENVIRONMENT": self.environment,
            "KEQIAO_ELASTICSEARCH": self.elasticsearch,
        }

    def in_environment(self, environment: str) -> Settings:
        """The same stack under another environment name."""
        return replace(self, environment=environment)


def from_environment(variables: Mapping[str, str] = os.environ) -> Settings:
    """The development or demo stack; ValueError for a port base or environment that makes no sense."""
    named = variables.get("KEQIAO_STATE", "")
    state = Path(named).absolute() if named else reachable_root(CHECKOUT)
    return Settings(
        state=state,
        port_base=_port_base(variables.get("KEQIAO_PORT_BASE", str(DEFAULT_PORT_BASE))),
        environment=_environment(variables.get("KEQIAO_ENVIRONMENT") or _remembered(state)),
        elasticsearch=variables.get("KEQIAO_ELASTICSEARCH", DEFAULT_ELASTICSEARCH),
    )


def remember(settings: Settings) -> None:
    """Keep the environment's name in the state, so that a later command need not be told again."""
    (settings.state / _ENVIRONMENT_FILE).write_text(settings.environment)


def for_tests(variables: Mapping[str, str] = os.environ, beside: int = 0) -> Settings:
    """The test stack, beside the development stack and never the same as it; or one more, `beside` that."""
    named = variables.get("KEQIAO_TEST_STATE", "")
    state = Path(named).absolute() if named else reachable_root(CHECKOUT) / "test"
    first = _port_base(variables.get("KEQIAO_TEST_PORT_BASE", str(DEFAULT_TEST_PORT_BASE)))
    return Settings(
        state=state / f"lane-{beside}" if beside else state,
        port_base=first + beside * TEST_STACKS_APART,
        environment="test",
    )


def reachable_root(checkout: Path) -> Path:
    """`.local` in the checkout, or a folder in /var/tmp when another user could not get into the checkout."""
    if os.geteuid() != 0 or reachable_by_others(checkout):
        return checkout / ".local"
    digest = hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
    return Path(f"/var/tmp/keqiao-{os.geteuid()}-{digest}")  # the ordinary user's only sure ground


def reachable_by_others(path: Path) -> bool:
    """Whether every folder on the way to `path` lets any user through."""
    folders = (path, *path.parents)
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders if folder.exists())


def _remembered(state: Path) -> str:
    file = state / _ENVIRONMENT_FILE
    return file.read_text() if file.exists() else "development"


def _port_base(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65000:
        raise ValueError(f"KEQIAO_PORT_BASE is {text!r}; it must be a number from 1024 to 65000")
    return int(text)


def _environment(text: str) -> str:
    if text not in ENVIRONMENTS:
        raise ValueError(f"KEQIAO_ENVIRONMENT is {text!r}; it must be one of {', '.join(ENVIRONMENTS)}")
    return text
