"""Draws the tone patterns as pitch over time, from their notes (docs/generate.py)."""

from __future__ import annotations

import math

from scanner.sound.tones import PATTERNS, Note, Tone, render

SECOND = 380
"""Pixels."""
LEFT, ROW, GAP = 150, 84, 14
LOW_HZ, HIGH_HZ = 350.0, 2200.0
GRID_HZ = (500, 1000, 2000)
LONGEST_S = 1.4
STYLE = "font-family:sans-serif;font-size:13px"
COLOURS = {
    Tone.PASS: "#0a7d32",
    Tone.REFER: "#b36b00",
    Tone.STOP: "#b00020",
    Tone.MEASURE_AGAIN: "#0b5fa5",
    Tone.DEVICE_LOST: "#5b2a86",
    Tone.CALLED: "#333333",
    Tone.SEATED: "#0a7d6c",
}


def sound() -> str:
    """Return every pattern as a row: time to the right, pitch upwards by octaves."""
    lines: list[str] = []
    for number, tone in enumerate(Tone):
        lines += _pattern(tone, 16 + number * (ROW + GAP))
    bottom = 16 + len(Tone) * (ROW + GAP)
    for tenths in range(0, round(LONGEST_S * 10) + 1, 2):
        lines.append(_text(_x(tenths / 10), bottom + 8, f"{tenths / 10:g} s", "middle", "#666"))
    width, height = round(_x(LONGEST_S)) + 60, bottom + 24
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" style="{STYLE}">'
    return "\n".join((head, f'<rect width="{width}" height="{height}" fill="#fff"/>', *lines, "</svg>", ""))


def _pattern(tone: Tone, top: int) -> list[str]:
    right = _x(LONGEST_S)
    box = f'<rect x="{LEFT}" y="{top}" width="{right - LEFT:.0f}" height="{ROW}" fill="#f6f6f6"/>'
    lines = [box, _text(LEFT - 12, top + ROW // 2, tone.replace("_", " "), "end", "#000")]
    lines.append(_text(LEFT - 12, top + ROW // 2 + 17, f"{render(tone).seconds:.2f} s", "end", "#666"))
    for hz in GRID_HZ:
        y = _y(hz, top)
        lines.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right:.0f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(_text(round(right) + 6, round(y) + 4, f"{hz} Hz", "start", "#999"))
    at = 0.0
    for note in PATTERNS[tone]:
        lines.append(_stroke(note, at, top, COLOURS[tone]))
        at += note.seconds + note.pause_s
    return lines


def _stroke(note: Note, at: float, top: int, colour: str) -> str:
    ends = f'x1="{_x(at):.1f}" y1="{_y(note.from_hz, top):.1f}" x2="{_x(at + note.seconds):.1f}" '
    return f'<line {ends}y2="{_y(note.to_hz, top):.1f}" stroke="{colour}" stroke-width="7"/>'


def _x(seconds: float) -> float:
    return LEFT + seconds * SECOND


def _y(hz: float, top: int) -> float:
    return top + ROW * (1 - math.log(hz / LOW_HZ) / math.log(HIGH_HZ / LOW_HZ))


def _text(x: float, y: int, words: str, anchor: str, colour: str) -> str:
    return f'<text x="{x:.0f}" y="{y}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
