"""A second process of a service behind the edge, as a loaded installation would have it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.stack import Stack


@contextmanager
def doubled(stack: Stack, name: str) -> Iterator[None]:
    """Calls of a service are shared between its own process and another one, until the end of the block."""
    extra = stack.spawn_extra(name, "load")
    path = stack.settings.state / "edge/nginx.conf"
    alone = path.read_text()
    try:
        path.write_text(_with_second(alone, name, f"127.0.0.1:{extra.http_port}"))
        stack.kill("edge", signal.SIGHUP)
        yield
    finally:
        path.write_text(alone)
        stack.kill("edge", signal.SIGHUP)
        extra.kill(signal.SIGTERM)


def _with_second(configuration: str, name: str, address: str) -> str:
    """The edge's configuration in which the service's upstream names two servers."""
    before, mark, after = configuration.partition(f"upstream {name} {{ ")
    if not mark:
        raise LookupError(f"the edge's configuration has no upstream {name}")
    return f"{before}{mark}server {address} max_fails=0; {after}"
