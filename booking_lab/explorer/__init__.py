"""Runs every interleaving of the messages of a few bookers, on real PostgreSQL and Valkey."""
