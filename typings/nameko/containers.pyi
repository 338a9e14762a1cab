"""What runs a service class."""

from collections.abc import Callable
from typing import Any

from eventlet.greenpool import GreenPool
from nameko.extensions import Entrypoint, Extension

class WorkerContext:
    container: ServiceContainer
    config: dict[str, Any]
    service: Any
    entrypoint: Entrypoint
    service_name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    data: dict[str, Any]
    @property
    def call_id(self) -> str: ...

class ServiceContainer:
    service_cls: type[Any]
    service_name: str
    config: dict[str, Any]
    max_workers: int
    shared_extensions: dict[object, Extension]
    extensions: Any
    entrypoints: Any
    dependencies: Any
    _worker_pool: GreenPool
    def __init__(self, service_cls: type[Any], config: dict[str, Any]) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self, exc_info: Any = None) -> None: ...
    def wait(self) -> None: ...
    def spawn_worker(
        self,
        entrypoint: Entrypoint,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        context_data: dict[str, Any] | None = None,
        handle_result: Callable[[WorkerContext, Any, Any], tuple[Any, Any]] | None = None,
    ) -> WorkerContext: ...
    def spawn_managed_thread(self, fn: Callable[[], object], identifier: str | None = None) -> Any: ...
