"""Runs schedules, one move of one booker after the other."""
