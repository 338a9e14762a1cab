"""Matcher's SQL, by subject; every function takes an open transaction and never commits."""
