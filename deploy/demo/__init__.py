"""Chifeng's demonstration: facts, a seeded generator, a loader over HTTP, the story and its summary."""
