"""Ledger: what counts as done; keeps the trail of every act and computes coverage from it."""
