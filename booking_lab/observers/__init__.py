"""Observers: the only code of the lab that measures, sleeps on purpose or injects faults."""

# Imported first: it decides where prometheus_client stores the values.
from booking_lab.observers import metric_files as metric_files
