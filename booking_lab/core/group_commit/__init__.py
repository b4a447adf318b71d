"""Group commit: several bookings in one transaction, by a queue and batches."""
