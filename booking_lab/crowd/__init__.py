"""Clients that book over HTTP, what their answers show, and the demo that they play in."""
