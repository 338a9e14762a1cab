"""The mechanisms of the chassis, each on real servers."""
