"""HTTP entrypoints."""
