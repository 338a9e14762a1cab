"""The SQL of demand, by subject; every statement runs in its caller's transaction, none commits."""
