"""The SQL of notices, by subject; every statement runs in its caller's transaction, none commits."""
