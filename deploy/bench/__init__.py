"""Measures the matching engine: on made seasons, on public instances, and beside what else can be had."""
