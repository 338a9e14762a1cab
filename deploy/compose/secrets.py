"""Makes a compose deployment's secrets once: `.env` for docker-compose.yml, and files that servers read."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local import secret_store
from deploy.local.settings import CHECKOUT
from deploy.nginx import rendering
from deploy.rabbitmq import topology
from deploy.usage import takes_nothing

_FOLDER = CHECKOUT / ".local/compose"


def variable(secret: str) -> str:
    """The variable that holds a secret in `.env`: `database.catalog` becomes KEQIAO_DATABASE_CATALOG."""
    return f"KEQIAO_{secret.upper().replace('.', '_')}"


def write(env_file: Path, folder: Path) -> None:
    """Write `.env` (0600) and, into the folder, the broker's definitions and the edge's configuration."""
    secrets = secret_store.load(folder / "secrets")
    _write_private(env_file, "".join(f"{variable(name)}={value}\n" for name, value in secrets.items()))
    # The two others hold hashes and routes only; the servers' users must be able to read them.
    (folder / "definitions.json").write_text(topology.definitions(_passwords(secrets)))
    (folder / "nginx.conf").write_text(rendering.for_image())


def _passwords(secrets: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix("amqp."): secrets[name] for name in secrets if name.startswith("amqp.")}


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)


if __name__ == "__main__":
    takes_nothing("deploy.compose.secrets", __doc__)
    write(CHECKOUT / ".env", _FOLDER)
    sys.stdout.write("wrote .env and .local/compose; now: docker compose up --detach\n")
