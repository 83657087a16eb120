"""A seeded crowd that walks up to a camera: every effect a number, judged by geometry and light, not by a decoder.

`population` says who comes, `motion` how they move, `carrier` and `surface` what they hold up, `lens` what the camera
makes of it, `judge` whether that lies within the measured limits, and `gate` how a decoder keeps up with it.
"""
