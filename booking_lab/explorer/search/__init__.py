"""Which schedules to run."""
