"""nginx as the edge: own configuration, own folders, no privileged port."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.local import account
from deploy.local.probing import body_of
from deploy.local.progress import StackError
from deploy.local.servers.program import BASE_VARIABLES, Program
from deploy.local.settings import Settings, reachable_by_others
from deploy.nginx import rendering

_BINARY = Path("/usr/sbin/nginx")


def prepare(settings: Settings) -> None:
    """Render the configuration and lay the folders for bodies and answers in transit."""
    owner = account.ordinary()
    home = account.folder(settings.state / "edge", owner)
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        account.folder(home / name, owner)
    text = rendering.for_local_stack(settings, home, _portal(settings, home))
    account.write(home / "nginx.conf", text, owner)


def program(settings: Settings) -> Program:
    """The edge in the foreground."""
    if not _BINARY.exists():
        raise StackError("nginx is not installed; run `make setup`")
    home = settings.state / "edge"
    command = (str(_BINARY), "-p", f"{home}/", "-c", str(home / "nginx.conf"), "-e", "stderr")
    return Program(command, {**BASE_VARIABLES, "HOME": str(home)}, home, account.ordinary())


def watched(settings: Settings) -> list[Path]:
    """Files whose change calls for a restart."""
    return [settings.state / "edge/nginx.conf"]


def is_healthy(settings: Settings) -> bool:
    """Whether the edge itself answers, whatever stands behind it."""
    return body_of(f"http://{settings.address('edge')}/edge/health") is not None


def _portal(settings: Settings, home: Path) -> Path:
    """The portal's files: in the checkout, or copied where the edge's user cannot enter it."""
    pages = settings.checkout / "services/portal/static"
    if reachable_by_others(pages) or not pages.exists():
        return pages
    copied = home / "portal"
    shutil.rmtree(copied, ignore_errors=True)
    return Path(shutil.copytree(pages, copied))
