"""The output of an exploration: text, JSON and an HTML page."""
