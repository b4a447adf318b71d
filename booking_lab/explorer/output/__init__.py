"""What an exploration has found: for a reader, for a program, and as a page."""
