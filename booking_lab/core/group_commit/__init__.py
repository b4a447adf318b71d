"""Several bookings in one transaction: the line in which they wait, and the batch."""
