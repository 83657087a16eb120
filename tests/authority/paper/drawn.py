"""Reads a drawn code back from its SVG by its numbers alone: no renderer, and nothing of what drew it."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import zxingcpp
from numpy.typing import NDArray

_SVG = "{http://www.w3.org/2000/svg}"
_RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")


def modules(svg: str) -> NDArray[np.uint8]:
    """The square of modules that an SVG element draws, 1 dark; everything in it must be such a drawing."""
    element = ET.fromstring(svg)
    side = int(element.attrib["viewBox"].split()[2])
    light, dark = element.findall(f"{_SVG}path")
    assert light.attrib == {"fill": "#fff", "d": f"M0 0h{side}v{side}h-{side}z"}
    assert _RUN.sub("", dark.attrib["d"]) == ""
    square = np.zeros((side, side), dtype=np.uint8)
    for x, y, length, back in _RUN.findall(dark.attrib["d"]):
        assert length == back
        square[int(y), int(x) : int(x) + int(length)] = 1
    return square


def read(svg: str) -> str:
    """The text of a drawn code."""
    image = np.kron(255 - 255 * modules(svg), np.ones((4, 4), dtype=np.uint8))
    (found,) = zxingcpp.read_barcodes(np.ascontiguousarray(image), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return str(found.bytes.decode())
