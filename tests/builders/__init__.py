"""Test data by service, named for the story that it tells."""
