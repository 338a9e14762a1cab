"""The services of KeQiao: each room owns its data and its decisions."""
