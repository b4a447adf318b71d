"""Those who watch: each sees every step, and no other code measures, sleeps or injects."""

# Before any of them counts: it says where.
from booking_lab.observers import metric_files as metric_files
