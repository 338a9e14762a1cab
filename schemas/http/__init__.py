"""Contracts by owner: http."""
