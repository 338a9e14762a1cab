"""Search: what a query finds; holds no truth of its own, only what the owners' events told it."""
