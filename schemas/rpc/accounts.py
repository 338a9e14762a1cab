"""The commands that accounts answers: none but `republish`, which every owner of facts has."""

from __future__ import annotations

from schemas.contract import Coded

COMMANDS: dict[str, tuple[type[Coded], type[Coded]]] = {}
