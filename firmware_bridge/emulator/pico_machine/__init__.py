"""Modules of the Pico for the firmware under a desktop's MicroPython, which finds them here by its search path."""

RESET_STATUS = 42
"""Exit status of a Pico that resets itself (`machine.reset`)."""
