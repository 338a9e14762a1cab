"""RabbitMQ's exchanges, users and permissions."""
