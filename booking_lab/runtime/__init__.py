"""One process of the lab: the engine, sessions, the selection, and background threads."""
