"""The checker of recorded histories: it searches for an order that explains every answer."""
