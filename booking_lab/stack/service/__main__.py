"""The service as a program: ``python -m booking_lab.stack.service``."""

from __future__ import annotations

from booking_lab.stack.service.master import main

if __name__ == "__main__":
    main()
