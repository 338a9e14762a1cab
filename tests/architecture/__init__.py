"""Rules that the sources are held to."""
