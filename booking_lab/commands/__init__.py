"""The commands of ``booking-lab``, one module each; ``booking_lab.cli`` names them."""
