"""What the ledger does, by subject: take events in, and answer from them."""
