"""Asks what if: a made season solved as it is and with something changed, side by side."""
