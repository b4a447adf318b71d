"""Locks outside PostgreSQL."""
