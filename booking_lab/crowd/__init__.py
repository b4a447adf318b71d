"""Customers that book over HTTP, the verdict on their answers, and the demo."""
