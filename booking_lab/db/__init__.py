"""PostgreSQL: connections, transactions, errors, the lab's own tables."""
