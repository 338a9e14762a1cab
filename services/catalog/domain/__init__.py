"""Catalog's values and rules; standard library only."""
