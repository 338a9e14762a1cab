"""Loads the fixtures of every topic; a new file in tests/fixtures is found by itself."""

from __future__ import annotations

from pathlib import Path

_FIXTURES = Path(__file__).parent / "fixtures"

pytest_plugins = [
    f"tests.fixtures.{file.stem}" for file in sorted(_FIXTURES.glob("*.py")) if file.stem != "__init__"
]
