"""The gate controller's firmware: MicroPython for the Raspberry Pi Pico. `docs/hardware.md` tells how to put it there.

On the controller the files lie as they lie here, with `main.py` besides at the top, where MicroPython starts it.
Everything but `board` and `program` is plain logic that runs under CPython too: the emulated controller is made of it.
"""
