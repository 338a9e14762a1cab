"""Demand: schools, what they ask for, and the school calendar."""
