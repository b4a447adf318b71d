"""What one process of the lab holds: engine, sessions, selection, and the threads beside them."""
