"""Compressed pictures to grey, with their size checked before a byte is decompressed.

A picture is hostile input: 100 bytes can declare 65,535 × 65,535 pixels. `picture_size` reads the declared size from
the headers of JPEG (ITU-T T.81 B.2.2), PNG (RFC 2083 4.1.1), BMP and WebP (RFC 9649), and nothing else is decoded.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import simplejpeg

from scanner.camera.frame import Grey

MAX_PIXELS: Final = 64_000_000
"""Above any phone's camera at its usual setting; 64 MB as grey."""
MAX_FILE: Final = 64 * 1024 * 1024
"""Bytes of a picture file."""
STILL_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
"""What OpenCV would print about a damaged picture or a missing camera, the errors here say in words."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_NO_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS: Final = 64


class PictureError(Exception):
    """These bytes are no picture that can be read; the message says why, without naming the file."""


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height as the headers declare them, None when they are of no known kind or cut short."""
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(data)
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data.startswith(b"BM") and len(data) >= 26:
        return _bmp_size(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp_size(data)
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    position = 2
    for _ in range(_MAX_SEGMENTS):
        while data[position : position + 2] == b"\xff\xff":
            position += 1
        if len(data) < position + 4 or data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker in _START_OF_FRAME:
            if len(data) < position + 9:
                return None
            return int.from_bytes(data[position + 7 : position + 9]), int.from_bytes(data[position + 5 : position + 7])
        if marker in _NO_LENGTH:
            position += 2
            continue
        position += 2 + max(2, int.from_bytes(data[position + 2 : position + 4]))
    return None


def _bmp_size(data: bytes) -> tuple[int, int]:
    if int.from_bytes(data[14:18], "little") == 12:
        return int.from_bytes(data[18:20], "little"), int.from_bytes(data[20:22], "little")
    return (
        int.from_bytes(data[18:22], "little", signed=True),
        abs(int.from_bytes(data[22:26], "little", signed=True)),
    )


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return None


def decode_picture(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Grey:
    """Decode a picture to grey, transparent parts as white.

    Raises PictureError when the bytes are no JPEG, PNG, BMP or WebP, declare more than `max_pixels`, or are so
    damaged that nothing can be decoded. A JPEG damaged in its middle is decoded as far as it goes.
    """
    _check_size(data, max_pixels)
    is_jpeg = data.startswith(b"\xff\xd8")
    if data.startswith(_PNG):
        data = _still_png(data)
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE if is_jpeg else cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PictureError("is damaged") from error
    if picture is None:
        raise PictureError("is damaged")
    return flatten(np.asarray(picture))


def decode_jpeg(data: bytes, *, max_pixels: int = MAX_PIXELS) -> tuple[Grey, bool]:
    """Decode a camera's JPEG straight to grey, and say whether it arrived damaged: torn, or with wrong bytes inside.

    A damaged one is decoded as far as it goes. Nothing is printed, whatever the bytes. Raises PictureError when the
    bytes are no JPEG, declare more than `max_pixels`, or hold nothing that can be decoded.
    """
    if not data.startswith(b"\xff\xd8\xff"):
        raise PictureError("is not a JPEG picture")
    _check_size(data, max_pixels)
    for strict in (True, False):
        try:
            return np.asarray(simplejpeg.decode_jpeg(data, "GRAY", strict=strict))[:, :, 0], not strict
        except ValueError:
            continue
    raise PictureError("is damaged")


def _check_size(data: bytes, max_pixels: int) -> None:
    size = picture_size(data)
    if size is None:
        raise PictureError("is not a JPEG, PNG, BMP or WebP picture")
    width, height = size
    if width < 1 or height < 1 or width * height > max_pixels:
        raise PictureError(f"declares {width} × {height} pixels; at most {max_pixels // 1_000_000} million are read")


def _still_png(data: bytes) -> bytes:
    """Keep the chunks of a PNG that its first picture needs: OpenCV believes any length that a chunk claims.

    Raises PictureError when a chunk ends outside the file.
    """
    kept = [_PNG]
    position = len(_PNG)
    while position < len(data):
        end = position + 12 + int.from_bytes(data[position : position + 4])
        if end > len(data):
            raise PictureError("is damaged")
        kind = data[position + 4 : position + 8]
        if kind in _PNG_CHUNKS:
            kept.append(data[position:end])
        if kind == b"IEND":
            break
        position = end
    return b"".join(kept)


def flatten(picture: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Grey:
    """Make grey of any array OpenCV gives: grey, BGR or BGRA, 8 or 16 bits, with or without a third axis.

    Raises PictureError for shapes and types that are no picture.
    """
    if picture.dtype == np.uint16:
        picture = (picture.astype(np.uint16, copy=False) >> 8).astype(np.uint8)
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or 0 in picture.shape:
        raise PictureError(f"holds {picture.dtype} values in the shape {picture.shape}")
    pixels = picture.astype(np.uint8, copy=False)
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if channels == 1:
        grey = pixels.reshape(pixels.shape[:2])
    elif channels == 2:
        grey = pixels[:, :, 0]
    elif channels == 3:
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    elif channels == 4:
        opaque = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2GRAY), np.uint16)
        alpha = pixels[:, :, 3].astype(np.uint16)
        grey = ((opaque * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
    else:
        raise PictureError(f"has {channels} channels")
    return np.ascontiguousarray(grey)


def read_picture(path: Path) -> Grey:
    """Decode the picture in a file to grey.

    Raises PictureError, or OSError when the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise PictureError(f"is larger than {MAX_FILE // 1024 // 1024} MB")
    if not data:
        raise PictureError("is empty")
    return decode_picture(data)


_NUMBERS: Final = re.compile(r"(\d+)")


def still_files(folder: Path) -> tuple[Path, ...]:
    """List the pictures of a folder in the order people count: `2.jpg` before `10.jpg`."""

    def order(path: Path) -> tuple[tuple[int, str], ...]:
        return tuple(
            (int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in _NUMBERS.split(path.name)
        )

    return tuple(sorted((p for p in folder.iterdir() if p.suffix.lower() in STILL_SUFFIXES), key=order))
