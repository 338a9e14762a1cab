"""Side by side in one run: what a service does, and what the server beneath it can do by itself."""
