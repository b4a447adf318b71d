"""Checks a recorded history: can one order of bookings explain every answer?"""
