from collections.abc import Callable
from typing import Any, TypeVar

from locust.contrib.fasthttp import FastHttpSession

_F = TypeVar("_F", bound=Callable[..., object])

class FastHttpUser:
    client: FastHttpSession
    environment: Any

def task(weight: _F) -> _F: ...
