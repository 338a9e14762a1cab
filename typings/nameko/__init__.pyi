"""The part of nameko that this project stands on, with types."""
