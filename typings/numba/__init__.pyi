from collections.abc import Callable
from typing import TypeVar

_F = TypeVar("_F", bound=Callable[..., object])

def njit(
    *, cache: bool = False, nogil: bool = False, error_model: str = "python", inline: str = "never"
) -> Callable[[_F], _F]: ...
