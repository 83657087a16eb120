"""Pictures for tests: numbered frames, codes drawn onto a scene, and the JPEG of each."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
import segno

from scanner.camera.frame import Grey
from scanner.camera.picture import decode_picture


def numbered(number: int, width: int = 320, height: int = 240) -> Grey:
    """A grey picture that carries a number as 16 blocks in its first rows."""
    picture = np.full((height, width), 90, np.uint8)
    block = width // 16
    for bit in range(16):
        picture[:32, bit * block : (bit + 1) * block] = 230 if number >> bit & 1 else 20
    return picture


def number_in(grey: Grey) -> int:
    """The number that `numbered` drew."""
    block = grey.shape[1] // 16
    return sum(1 << bit for bit in range(16) if grey[4:28, bit * block + 4 : (bit + 1) * block - 4].mean() > 128)


def jpeg(picture: Grey, quality: int = 80) -> bytes:
    """The picture as a JPEG."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def code(text: str | bytes, *, scale: int = 4, dark: bool = False, error: str = "m") -> Grey:
    """A QR code with its quiet zone; `dark` as in a phone's dark mode."""
    buffer = BytesIO()
    colours = {"dark": "white", "light": "black"} if dark else {}
    segno.make_qr(text, error=error).save(buffer, kind="png", scale=scale, border=4, **colours)
    return decode_picture(buffer.getvalue())


def scene(width: int = 1280, height: int = 720, seed: int = 1) -> Grey:
    """A blurred wall with some noise."""
    rng = np.random.default_rng(seed)
    wall = cv2.resize(rng.integers(80, 170, (9, 16), dtype=np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(wall.astype(np.int16) + rng.integers(-6, 7, (height, width)), 0, 255).astype(np.uint8)


def placed(picture: Grey, x: int, y: int, on: Grey | None = None) -> Grey:
    """The picture put onto a scene at (x, y)."""
    whole = scene() if on is None else on
    whole[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return whole
