"""The load test: people in their real proportions, arriving on their own time, and the ratios that count."""
