"""PostgreSQL's settings, roles and databases."""
