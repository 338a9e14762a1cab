"""Contracts by owner: events."""
