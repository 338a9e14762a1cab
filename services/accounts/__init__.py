"""Accounts: districts, organisations, users, and who may act for whom."""
