"""Contracts by owner: rpc."""
