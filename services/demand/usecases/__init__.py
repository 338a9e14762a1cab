"""What demand can do, by subject: load, decide, save and append events in the caller's transaction."""
