"""The HTTP service. No other package knows HTTP."""
