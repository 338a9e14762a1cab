"""The people and places that matcher's integration tests share."""

from __future__ import annotations

import pytest

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person, a_coordinator
from tests.builders.provider import Provider, a_provider


@pytest.fixture
def coordinator(stack: Stack, operator: Person) -> Person:
    made.ensure_calendar(operator)
    return a_coordinator(stack, operator)


@pytest.fixture
def museum(stack: Stack, operator: Person) -> Provider:
    return a_provider(stack, operator)


@pytest.fixture
def spot() -> made.Json:
    """Where everything of this test is."""
    return made.a_spot()


@pytest.fixture
def school(stack: Stack, operator: Person, spot: made.Json) -> made.School:
    """Accepts beforehand."""
    return made.a_school(stack, operator, spot)
