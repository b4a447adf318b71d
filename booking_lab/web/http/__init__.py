"""Code for every request, independent of its endpoint."""
