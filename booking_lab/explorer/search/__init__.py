"""Searches: they choose the schedules to run."""
