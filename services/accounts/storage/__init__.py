"""The SQL of accounts, by subject; every statement runs in its caller's transaction, none commits."""
