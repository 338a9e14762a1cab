"""Every service's OpenAPI document is valid, and names what its endpoints ask for."""

from __future__ import annotations

from importlib import import_module

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.chassis.openapi import document
from services.chassis.promises import promises

SERVICES = ("accounts", "catalog", "demand", "experts", "ledger", "matcher", "notices", "search")


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_of_a_service_is_valid(service: str) -> None:
    module = import_module(f"services.{service}.service")
    endpoints = promises(getattr(module, f"{service.capitalize()}Http"))
    described = document(service, endpoints)
    OpenAPIV31SpecValidator(described).validate()
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert len(operations) == len(endpoints) > 0
    assert all(operation["summary"] for operation in operations)


def test_no_two_services_serve_one_address() -> None:
    served: dict[tuple[str, str], str] = {}
    for service in SERVICES:
        module = import_module(f"services.{service}.service")
        for promise in promises(getattr(module, f"{service.capitalize()}Http")):
            other = served.setdefault((promise.method, promise.path), service)
            assert other == service, promise.path
