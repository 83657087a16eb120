"""Draws the gate controller's wiring and its lamp as SVG, from the firmware's own constants (docs/generate.py)."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from firmware_bridge.firmware import wiring
from firmware_bridge.firmware.lamp import LIGHTS, SIDE
from firmware_bridge.values import Light

HEADER_PINS = dict(
    zip(
        (*range(23), 26, 27, 28),
        (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26, 27, 29, 31, 32, 34),
        strict=True,
    )
)
"""Place on the Pico's header of each GP number."""
POWER = {"3V3": 36, "VBUS (5 V)": 40, "GND": 38}
ROW = 24
PICO_LEFT, PICO_RIGHT = 20, 170
PART_LEFT, PART_RIGHT = 470, 700
COLOURS = {"3V3": "#c60", "VBUS (5 V)": "#c00", "GND": "#222"}
SIGNAL = "#06c"
STYLE = "font-family:sans-serif;font-size:13px"


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire from the Pico to a part."""

    end: str
    """What it is called at the part."""
    pico: int | str
    """A GP number, or one of `POWER`."""
    between: str = ""
    """What lies in it, or beside it."""


PARTS: tuple[tuple[str, tuple[Wire, ...]], ...] = (
    (
        "MLX90614 (thermometer)",
        (Wire("VIN", "3V3"), Wire("SCL", wiring.SCL), Wire("SDA", wiring.SDA), Wire("GND", "GND")),
    ),
    (
        "Relay board",
        (Wire("VCC", "VBUS (5 V)"), Wire("IN", wiring.RELAY, "10 kΩ to GND"), Wire("GND", "GND")),
    ),
    (
        "WS2812 panel, 8 × 8",
        (Wire("5V", "VBUS (5 V)"), Wire("DIN", wiring.PIXELS, "74AHCT125 at 5 V, 330 Ω"), Wire("GND", "GND")),
    ),
    ("Piezo buzzer, passive", (Wire("+", wiring.BUZZER, "100 Ω"), Wire("−", "GND"))),
    ("Push button “call staff”", (Wire("1", wiring.BUTTON), Wire("2", "GND"))),
    ("Door contact, closed when shut", (Wire("1", wiring.DOOR), Wire("2", "GND"))),
)


def pin_name(pico: int | str) -> str:
    """Return a pin of the Pico as its card calls it, with its place on the header."""
    return f"GP{pico} · pin {HEADER_PINS[pico]}" if isinstance(pico, int) else f"{pico} · pin {POWER[pico]}"


def gate_wiring() -> str:
    """Return every wire between the Pico and its parts as an SVG."""
    lines: list[str] = []
    y = 30
    top = y
    for name, wires in PARTS:
        height = ROW * (len(wires) + 1)
        lines.append(_box(PART_LEFT, y, PART_RIGHT - PART_LEFT, height))
        lines.append(_text((PART_LEFT + PART_RIGHT) // 2, y + 17, name, "middle", bold=True))
        for number, wire in enumerate(wires, start=1):
            at = y + ROW * number + ROW // 2
            colour = COLOURS.get(str(wire.pico), SIGNAL)
            lines.append(f'<line x1="{PICO_RIGHT}" y1="{at}" x2="{PART_LEFT}" y2="{at}" stroke="{colour}"/>')
            lines.append(_text(PICO_RIGHT - 8, at + 4, pin_name(wire.pico), "end"))
            lines.append(_text(PART_LEFT + 8, at + 4, wire.end, "start"))
            if wire.between:
                lines.append(_text((PICO_RIGHT + PART_LEFT) // 2, at - 4, wire.between, "middle"))
        y += height + 12
    lines.append(_box(PICO_LEFT, top, PICO_RIGHT - PICO_LEFT, y - 12 - top))
    lines.append(_text((PICO_LEFT + PICO_RIGHT) // 2, top + 17, "Raspberry Pi Pico", "middle", bold=True))
    return _svg(PART_RIGHT + 20, y + 8, lines)


def gate_lamp() -> str:
    """Return what the lamp shows for each light as an SVG."""
    lines: list[str] = []
    pixel, gap = 14, 30
    for number, light in enumerate(Light):
        colour, pictures = LIGHTS[number]
        left = 20 + number * (SIDE * pixel + gap)
        brightest = max(colour)
        shown = "#" + "".join(f"{channel * 255 // brightest:02x}" for channel in colour)
        lines.append(f'<rect x="{left}" y="20" width="{SIDE * pixel}" height="{SIDE * pixel}" fill="#222"/>')
        for row in range(SIDE):
            for column in range(SIDE):
                if pictures[0][row] & (0x80 >> column):
                    x, y = left + column * pixel + pixel // 2, 20 + row * pixel + pixel // 2
                    lines.append(f'<circle cx="{x}" cy="{y}" r="{pixel // 2 - 1}" fill="{shown}"/>')
        lines.append(_text(left + SIDE * pixel // 2, 40 + SIDE * pixel, light.value.replace("_", " "), "middle"))
    return _svg(20 + len(Light) * (SIDE * pixel + gap) - gap + 20, 60 + SIDE * pixel, lines)


def _box(x: int, y: int, width: int, height: int) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="#222"/>'


def _text(x: int, y: int, words: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'


def _svg(width: int, height: int, lines: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" style="{STYLE}">'
    ground = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join((head, ground, *lines, "</svg>", ""))
