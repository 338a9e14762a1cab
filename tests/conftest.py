"""Loads the fixtures of every topic; a new file in tests/fixtures is found by itself."""

from __future__ import annotations

from pathlib import Path

from hypothesis import settings

_FIXTURES = Path(__file__).parent / "fixtures"

# The stack first: others import its poll, and pytest rewrites only what nobody has imported before.
_TOPICS = sorted((file.stem for file in _FIXTURES.glob("*.py")), key=lambda stem: (stem != "stack", stem))

# Speed is no test's matter: on a busy machine one example of thousands takes as long as it takes.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

pytest_plugins = [f"tests.fixtures.{stem}" for stem in _TOPICS if stem != "__init__"]
