"""Experts' SQL, each statement beside the function that runs it; never commits, never reads the clock."""
