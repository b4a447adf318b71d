"""The lab's gunicorn: its master, its workers and its connections."""
