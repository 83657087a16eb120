"""Serial devices: the line, the drivers, the measurement, the gate and the emulator. Imports nothing of ours."""
