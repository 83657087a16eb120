"""A decoder's process that real codes can break, and an engine that uses it: `python -m` this instead of `cli.main`."""

from __future__ import annotations

import os
import sys

from scanner.decoder import quick_worker, worker
from scanner.decoder.wire import Request
from tests.scanner.decoder.hostile import hang

CRASHES, HANGS = "THIS CRASHES", "THIS HANGS"


def load() -> worker.Eyes:
    """Return the quick worker's eyes, with two codes they cannot bear."""
    quick = worker.quick()

    def eyes(picture: memoryview, request: Request) -> worker.Seen:
        seen = quick(picture, request)
        for code in seen.codes:
            if code.text == CRASHES:
                os.abort()
            if code.text == HANGS:
                hang()
        return seen

    return eyes


def main(arguments: list[str]) -> None:
    """Serve like the quick worker."""
    worker.run(arguments, load, memory=quick_worker.MEMORY)


if __name__ == "__main__":
    from cli.main import main as cli_main
    from scanner.decoder import process
    from scanner.engine.vision import Vision

    (Vision.__init__.__kwdefaults__ or {})["quick"] = "tests.scanner.engine.poisoned_decoder"
    (process.DecoderProcess.__init__.__kwdefaults__ or {})["steady_s"] = 1.0
    sys.exit(cli_main())
