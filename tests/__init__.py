"""The tests: unit, integration, chassis, contracts, concurrency, faults, e2e and architecture."""
