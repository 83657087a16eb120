"""Which pin of the Pico is wired to what, and what hangs there. The one file to change for another wiring."""

RELAY = 16
"""Drives the relay's coil. A resistor of 10 kΩ to ground keeps it off while the Pico starts."""
RELAY_ON = 1
"""Level that energises the coil; 0 for relay boards that switch on with a low input."""

PIXELS = 17
"""Data of the 8 × 8 WS2812 panel."""
SERPENTINE = False
"""Whether every second row of the panel runs backwards."""

BUZZER = 18
"""A passive piezo buzzer, to ground."""

BUTTON = 14
"""Push button "call staff", to ground. Held while power comes, it keeps the firmware from starting, for an update."""

DOOR = 15
"""Door contact, to ground, closed while the door is shut: a cut wire is an open door."""

I2C = 0
SDA = 4
SCL = 5
"""The MLX90614. Its boards carry the pull-up resistors; a bare sensor needs two of 4.7 kΩ to 3.3 V."""
