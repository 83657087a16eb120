"""A camera that is not there: shows one code before a grey wall, or the wall alone, in a FIFO of JPEGs.

Each picture has sensor noise of its own, since one that stands still is a camera that has frozen. What people do with
their codes (walk, hold them askew, into the sun) is `demo.stream`'s; this one is for whoever wants a code to be read.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from authority.qr import matrix
from demo.frame_pipe import FramePipe

FPS: Final = 15
WIDTH: Final = 960
HEIGHT: Final = 540
WALL: Final = 120
"""Grey of the wall, of 255."""
MARGIN: Final = 20
"""Pixels of wall above and below the code, at least."""
GRAIN: Final = 6
"""Grey levels that noise adds or takes at most; a grain of it is GRAIN_SIZE pixels wide and high."""
GRAIN_SIZE: Final = 4
QUALITY: Final = 85
TURNS: Final = 3
"""Pictures that are drawn and then shown in turn."""


def pictures(text: str | None) -> tuple[bytes, ...]:
    """Return the same picture some times, each with noise of its own. Raises ValueError as `picture` does."""
    return tuple(picture(text, seed=seed) for seed in range(TURNS))


def picture(text: str | None, *, seed: int = 0) -> bytes:
    """Return a JPEG of the wall, with a code on it or without. Raises ValueError: no code can hold the text."""
    frame = np.full((HEIGHT, WIDTH), WALL, np.uint8)
    if text is not None:
        rows = np.array([list(row) for row in matrix(text)], np.uint8)
        scale = (HEIGHT - 2 * MARGIN) // len(rows)
        symbol = np.kron((1 - rows) * 255, np.ones((scale, scale), np.uint8)).astype(np.uint8)
        top, left = (HEIGHT - len(symbol)) // 2, (WIDTH - len(symbol)) // 2
        frame[top : top + len(symbol), left : left + len(symbol)] = symbol
    size = (HEIGHT // GRAIN_SIZE, WIDTH // GRAIN_SIZE)
    grain = np.random.default_rng(seed).integers(-GRAIN, GRAIN + 1, size, np.int8)
    noise = cv2.resize(grain.astype(np.int16), (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    noisy = np.clip(frame.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    _, jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(jpeg)


class VirtualCamera:
    """Plays the pictures of the moment into the FIFO at `path`, until it is stopped.

    A FIFO that it had to make goes with it. Every method may be called from any thread.
    """

    def __init__(self, path: Path, *, on_loss: Callable[[OSError], None] | None = None) -> None:
        """Prepare; `on_loss` hears from its thread that the FIFO can no longer be written, which ends it."""
        self._path = path
        self._on_loss = on_loss
        self._made = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.frames: tuple[bytes, ...] = pictures(None)
        """JPEGs, shown in turn. One alone is the picture of a camera that has hung."""
        self.paused = threading.Event()
        """While set, nothing comes."""

    def start(self) -> None:
        """Make the FIFO where it is absent, and begin. Raises OSError: it cannot be made, or is something else."""
        is_new = not self._path.exists()
        pipe = FramePipe(self._path)
        if not self._path.is_fifo():
            raise FileExistsError(errno.EEXIST, "something else is there", str(self._path))
        self._made = is_new
        self._thread = threading.Thread(target=self._run, args=(pipe,), name="virtual camera", daemon=True)
        self._thread.start()

    def show(self, text: str | None) -> None:
        """Show a code from the next picture on, None: nothing. Raises ValueError: no code can hold the text."""
        self.frames = pictures(text)

    def stop(self) -> None:
        """End; harmless when it has ended, or never began."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(2)
        if self._made and self._path.is_fifo():
            self._path.unlink()

    def _run(self, pipe: FramePipe) -> None:
        turn = 0
        try:
            while not self._ended.wait(1 / FPS):
                if not self.paused.is_set():
                    turn += 1
                    frames = self.frames
                    pipe.write(frames[turn % len(frames)])
        except OSError as error:
            if self._on_loss is None:
                raise
            self._on_loss(error)
        finally:
            pipe.close()
