"""How far long work has come, on standard error: rewritten in place on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, TextIO

_ON_TERMINAL_S: Final = 0.1
_ELSEWHERE_S: Final = 5.0
_REWRITE: Final = "\r\x1b[K"


class Progress:
    """Tells as often as is good to read, however often it is told; as a context manager it ends its own line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._quiet = _ON_TERMINAL_S if self._terminal else _ELSEWHERE_S
        self._told = time.monotonic()
        self._open = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._open:
            print(_REWRITE, end="", file=self._stream, flush=True)

    def tell(self, words: str) -> None:
        """Say how far it is, unless something was said a moment ago."""
        now = time.monotonic()
        if now - self._told < self._quiet:
            return
        self._told = now
        if self._terminal:
            print(f"{_REWRITE}{words}", end="", file=self._stream, flush=True)
            self._open = True
        else:
            print(words, file=self._stream, flush=True)
