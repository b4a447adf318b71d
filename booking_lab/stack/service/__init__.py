"""gunicorn as the lab runs it."""
