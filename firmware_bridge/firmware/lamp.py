"""The lamp: 8 × 8 WS2812 pixels that show the link's lights, each as a shape of its own in a colour of its own.

The shapes are those of the guard's screen, so that who does not tell red from green tells them too. No picture draws
more than `MOST_MA`, so that the panel lives on the Pico's own USB supply.
"""

SIDE = 8
MOST_MA = 300
"""Milliampere the panel may draw at once."""
CHANNEL_MA = 20
"""What one colour of one pixel draws at its brightest, at most."""

DARK = (0, 0, 0)
WHITE = (28, 28, 28)
BLUE = (0, 24, 80)
GREEN = (0, 110, 0)
AMBER = (110, 60, 0)
RED = (120, 0, 0)
VIOLET = (55, 0, 55)

CODE = (0xE7, 0xA5, 0xE7, 0x00, 0x00, 0xE4, 0xA2, 0xE5)
"""Three finder squares: show your code. A byte a row, from the top; the highest bit is on the left."""
THERMOMETER = (0x18, 0x18, 0x18, 0x18, 0x18, 0x3C, 0x3C, 0x18)
THERMOMETER_RISING = (0x18, 0x1A, 0x18, 0x1A, 0x18, 0x3C, 0x3C, 0x18)
CHECK = (0x00, 0x01, 0x03, 0x86, 0xCC, 0x78, 0x30, 0x00)
EXCLAMATION = (0x18, 0x18, 0x18, 0x18, 0x18, 0x00, 0x18, 0x18)
CROSS = (0x81, 0xC3, 0x66, 0x3C, 0x3C, 0x66, 0xC3, 0x81)
BARS = (0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66)
"""Paused: out of service."""
EMPTY = (0, 0, 0, 0, 0, 0, 0, 0)

STEP_MS = 400
"""How long one picture of several stands."""

LIGHTS = (
    (WHITE, (CODE,)),
    (BLUE, (THERMOMETER, THERMOMETER_RISING)),
    (GREEN, (CHECK,)),
    (AMBER, (EXCLAMATION, EXCLAMATION, EXCLAMATION, EMPTY)),
    (RED, (CROSS,)),
    (VIOLET, (BARS,)),
)
"""Colour and pictures of each light, in the link's order: idle, measuring, pass, refer, stop, out of service."""


class Panel:
    """Whatever lights the pixels."""

    def pixels(self, grb: bytearray) -> None:
        """Show 64 pixels of three bytes each (green, red, blue), row by row from the top left."""
        raise NotImplementedError


class Lamp:
    """The panel and what it shows. Times are milliseconds that never decrease."""

    def __init__(self, panel: Panel, light: int) -> None:
        self._panel = panel
        self.light = light
        self._since_ms = None  # type: int | None
        self._shown = None  # type: tuple[int, ...] | None

    def show(self, light: int) -> bool:
        """Show a light from the next tick on; whether it is another than before."""
        if light == self.light:
            return False
        self.light = light
        self._since_ms = self._shown = None
        return True

    def tick(self, now_ms: int) -> None:
        """Send the picture that is due, where it is not shown yet: the pixels keep it by themselves."""
        if self._since_ms is None:
            self._since_ms = now_ms
        colour, pictures = LIGHTS[self.light]
        picture = pictures[(now_ms - self._since_ms) // STEP_MS % len(pictures)]
        if picture is not self._shown:
            self._shown = picture
            self._panel.pixels(draw(picture, colour))


def draw(picture: "tuple[int, ...]", colour: "tuple[int, int, int]") -> bytearray:
    """Return a picture's 192 bytes; `colour` is red, green and blue, 0 to 255."""
    red, green, blue = colour
    grb = bytearray(SIDE * SIDE * 3)
    at = 0
    for row in picture:
        for column in range(SIDE):
            if row & (0x80 >> column):
                grb[at], grb[at + 1], grb[at + 2] = green, red, blue
            at += 3
    return grb


def milliamperes(grb: bytearray) -> int:
    """Return what a picture draws, at most."""
    return sum(grb) * CHANNEL_MA // 255
