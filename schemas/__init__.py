"""The contracts between services and with the world: data only, by owner."""
