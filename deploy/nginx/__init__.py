"""The edge's routes and settings."""
