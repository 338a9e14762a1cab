"""Loads the fixtures of every topic; a new file in tests/fixtures is found by itself."""

from __future__ import annotations

from pathlib import Path

_FIXTURES = Path(__file__).parent / "fixtures"

# The stack first: others import its poll, and pytest rewrites only what nobody has imported before.
_TOPICS = sorted((file.stem for file in _FIXTURES.glob("*.py")), key=lambda stem: (stem != "stack", stem))

pytest_plugins = [f"tests.fixtures.{stem}" for stem in _TOPICS if stem != "__init__"]
