"""The part of py-amqp that this project stands on, with types."""

from collections.abc import Callable
from typing import Any, NamedTuple

from amqp.exceptions import (
    AccessRefused as AccessRefused,
)
from amqp.exceptions import (
    AMQPError as AMQPError,
)
from amqp.exceptions import (
    ChannelError as ChannelError,
)
from amqp.exceptions import (
    ConnectionError as ConnectionError,
)
from amqp.exceptions import (
    ConnectionForced as ConnectionForced,
)
from amqp.exceptions import (
    NotFound as NotFound,
)
from amqp.exceptions import (
    PreconditionFailed as PreconditionFailed,
)
from amqp.exceptions import (
    RecoverableConnectionError as RecoverableConnectionError,
)

class QueueDeclared(NamedTuple):
    queue: str
    message_count: int
    consumer_count: int

class Message:
    body: Any
    properties: dict[str, Any]
    headers: dict[str, Any]
    delivery_info: dict[str, Any]
    delivery_tag: int
    channel: Channel
    def __init__(
        self, body: str | bytes = "", children: None = None, channel: Any = None, **properties: Any
    ) -> None: ...

class Channel:
    connection: Connection
    auto_decode: bool
    is_open: bool
    events: dict[str, set[Callable[..., Any]]]
    def prepare_message(
        self,
        body: str | bytes,
        priority: int | None = None,
        content_type: str | None = None,
        content_encoding: str | None = None,
        headers: dict[str, Any] | None = None,
        properties: dict[str, Any] | None = None,
    ) -> Message: ...
    def close(self) -> None: ...
    def confirm_select(self, nowait: bool = False) -> Any: ...
    def exchange_declare(
        self,
        exchange: str,
        type: str,
        passive: bool = False,
        durable: bool = False,
        auto_delete: bool = True,
        nowait: bool = False,
        arguments: dict[str, Any] | None = None,
    ) -> Any: ...
    def exchange_delete(self, exchange: str, if_unused: bool = False, nowait: bool = False) -> Any: ...
    def queue_declare(
        self,
        queue: str = "",
        passive: bool = False,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = True,
        nowait: bool = False,
        arguments: dict[str, Any] | None = None,
    ) -> QueueDeclared: ...
    def queue_bind(
        self,
        queue: str,
        exchange: str = "",
        routing_key: str = "",
        nowait: bool = False,
        arguments: dict[str, Any] | None = None,
    ) -> Any: ...
    def queue_unbind(self, queue: str, exchange: str, routing_key: str = "", nowait: bool = False) -> Any: ...
    def queue_purge(self, queue: str = "", nowait: bool = False) -> int: ...
    def queue_delete(
        self, queue: str = "", if_unused: bool = False, if_empty: bool = False, nowait: bool = False
    ) -> Any: ...
    def basic_qos(self, prefetch_size: int, prefetch_count: int, a_global: bool) -> Any: ...
    def basic_consume(
        self,
        queue: str = "",
        consumer_tag: str = "",
        no_local: bool = False,
        no_ack: bool = False,
        exclusive: bool = False,
        nowait: bool = False,
        callback: Callable[[Message], object] | None = None,
        arguments: dict[str, Any] | None = None,
        on_cancel: Callable[[str], object] | None = None,
    ) -> Any: ...
    def basic_cancel(self, consumer_tag: str, nowait: bool = False) -> Any: ...
    def basic_get(self, queue: str = "", no_ack: bool = False) -> Message | None: ...
    def basic_ack(self, delivery_tag: int, multiple: bool = False) -> None: ...
    def basic_reject(self, delivery_tag: int, requeue: bool) -> None: ...
    def basic_publish(
        self,
        msg: Message,
        exchange: str = "",
        routing_key: str = "",
        mandatory: bool = False,
        immediate: bool = False,
        timeout: float | None = None,
        confirm_timeout: float | None = None,
    ) -> Any: ...
    def basic_publish_confirm(
        self,
        msg: Message,
        exchange: str = "",
        routing_key: str = "",
        mandatory: bool = False,
        confirm_timeout: float | None = None,
    ) -> Any: ...

class Connection:
    client_properties: dict[str, Any]
    server_properties: dict[str, Any]
    connected: bool
    def __init__(self, host: str = ..., **options: Any) -> None: ...
    def connect(self) -> None: ...
    def channel(self, channel_id: int | None = None) -> Channel: ...
    def drain_events(self, timeout: float | None = None) -> None: ...
    def heartbeat_tick(self, rate: int = 2) -> None: ...
    def close(self) -> None: ...
