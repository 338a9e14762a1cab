"""One module per server of the system's packages: its folders and settings, its command, its sign of life."""
