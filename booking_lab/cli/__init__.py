"""The command line: its commands, one module each, and ``main``, which names them."""
