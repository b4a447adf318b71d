"""Processes of the lab: started on a leash, watched, written down."""
