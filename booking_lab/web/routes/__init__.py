"""The endpoints, a module for what they are about."""
