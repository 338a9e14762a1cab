"""Proof on a live stack, read-only: seats, time, matches, messages, projections and search agree."""
