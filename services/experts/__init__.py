"""Experts: who can be where, and when; an expert is never in two places."""
