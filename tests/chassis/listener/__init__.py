"""A small service that hears things and does with them what their data asks for."""
