"""What the compose stack needs beside docker-compose.yml: secrets, settings, one-shot steps, probes."""
