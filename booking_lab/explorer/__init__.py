"""Steps bookers through every interleaving of their messages, on the real PostgreSQL and Valkey."""
