"""The SQL of ledger, by subject; every statement runs in its caller's transaction, none commits."""
