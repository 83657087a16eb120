"""The supervisor's screens, open with a PIN and for a while: day, log, devices, trust, look."""
