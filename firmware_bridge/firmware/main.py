"""Started by MicroPython when power comes. On the Pico it lies at the top, beside the folder `firmware_bridge`."""

from firmware_bridge.firmware.program import main

main()
