"""What catalog can do, one function per act; each runs in the transaction that it is given."""
