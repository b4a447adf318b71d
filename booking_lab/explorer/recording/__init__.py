"""Records the messages, decisions and endings of a schedule that is run."""
