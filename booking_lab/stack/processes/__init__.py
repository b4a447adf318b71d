"""The processes of a lab: their start, their supervision, and the file with their state."""
