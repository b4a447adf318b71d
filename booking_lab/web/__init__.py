"""The service: the only place that knows HTTP."""
