"""What every service stands on: one module per mechanism, no word of the domain."""
