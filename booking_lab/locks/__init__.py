"""Locks and counters outside PostgreSQL."""
