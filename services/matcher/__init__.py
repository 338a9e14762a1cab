"""Matcher: who is paired with whom. Rounds, candidates, the joint solution, and every match's life."""
