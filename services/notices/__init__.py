"""Notices: who hears of it; messages in the system and by e-mail, each told once."""
