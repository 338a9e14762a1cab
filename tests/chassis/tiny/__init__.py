"""A tiny service that the chassis is tried on: notes over HTTP, and commands that echo, wait and refuse."""
