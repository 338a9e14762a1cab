"""The whole of KeQiao on one machine without Docker: set-up, supervision, health and faults."""
