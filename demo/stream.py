"""The staged camera: a process of its own that draws the scene in real time and plays it into a FIFO.

    python -m demo.stream FIFO --seed 7 < commands > reports

Commands and reports are the lines of `demo.stage`. The end of standard input ends it. Frames are due 30 times a
second whatever happens: one that the reader does not take is dropped, one that the machine cannot draw in time is
left out, and both count: a code's time zero is the first *due* frame within the limits.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
from pydantic import ValidationError

from demo import scenery
from demo.artwork import Artwork
from demo.frame_pipe import FramePipe
from demo.geometry import Fault
from demo.scene import Scene, draw
from demo.stage import (
    COMMAND,
    FPS,
    REPORT,
    Barrier,
    Lower,
    Readable,
    Rolling,
    Show,
    StageCommand,
    StageReport,
    StepUp,
    Tally,
    WalkOn,
)

QUALITY = 80
TALLY_EVERY = 2 * FPS

Prepared = Callable[[Scene, float], None]
"""A command with everything drawn that takes long, to be applied between two frames."""


class Stream:
    """Draws due frames and hands them to the pipe."""

    def __init__(self, pipe: FramePipe, scene: Scene, report: Callable[[StageReport], None]) -> None:
        self._pipe = pipe
        self._scene = scene
        self._report = report
        self._commands: queue.SimpleQueue[Prepared | None] = queue.SimpleQueue()
        self._appeared: dict[tuple[str, int], int] = {}
        self._told: set[tuple[str, int]] = set()
        self._due = self._drawn = self._late = 0

    def post(self, command: Prepared | None) -> None:
        """Apply a command before the next frame; None ends the stream. Called from another thread."""
        self._commands.put(command)

    def run(self) -> None:
        """Play until told to end. Raises OSError when the FIFO is gone."""
        begin = time.monotonic()
        tick = 0
        while self._obey(begin + tick / FPS):
            self._judge(begin + tick / FPS)
            self._play(begin + tick / FPS)
            tick += 1
            # A frame that could not be begun before its successor was due is left out, but judged.
            while time.monotonic() >= begin + (tick + 1) / FPS:
                self._due += 1
                self._late += 1
                self._judge(begin + tick / FPS)
                tick += 1
            time.sleep(max(0.0, begin + tick / FPS - time.monotonic()))
        self._pipe.close()
        self._tally()

    def _obey(self, at: float) -> bool:
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return True
            if command is None:
                return False
            command(self._scene, at)

    def _play(self, at: float) -> None:
        _, jpeg = cv2.imencode(".jpg", self._scene.frame(at), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        self._pipe.write(jpeg.tobytes())
        self._due += 1
        self._drawn += 1
        if self._drawn == 1:
            self._report(Rolling())
        if self._drawn % TALLY_EVERY == 0:
            self._tally()

    def _judge(self, at: float) -> None:
        at_ns = round(at * 1e9)
        for code in self._scene.codes(at):
            which = code.key, code.index
            if Fault.OUTSIDE not in code.faults:
                self._appeared.setdefault(which, at_ns)
            if not code.faults and which not in self._told:
                self._told.add(which)
                self._report(Readable(code.key, code.index, self._appeared[which], at_ns))

    def _tally(self) -> None:
        self._report(Tally(self._due, self._drawn, self._pipe.written, self._pipe.dropped, self._late))


def prepare(command: StageCommand) -> Prepared:
    """Draw what a command needs, in the caller's time."""
    match command:
        case StepUp(seed=seed):
            return _stepping_up(scenery.figure(seed))
        case WalkOn():
            return lambda scene, at: scene.leave(at)
        case Show():
            return _showing(command, draw(command.showing))
        case Lower(key=key):
            return lambda scene, at: scene.lower(key, at)
        case Barrier(opened=opened):
            return lambda scene, at: scene.barrier(opened, at)


def _stepping_up(figure: scenery.Figure) -> Prepared:
    return lambda scene, at: scene.step_up(figure, at)


def _showing(command: Show, art: Artwork) -> Prepared:
    return lambda scene, at: scene.show(command.showing, art, at)


def _lines(fd: int) -> Iterator[bytes]:
    """Yield whole lines. Unbuffered: a thread that waits in a buffered reader cannot be left behind at exit."""
    rest = b""
    while data := os.read(fd, 65_536):
        *whole, rest = (rest + data).split(b"\n")
        yield from whole


def _listen(stream: Stream) -> None:
    """Read commands until their end, then end the stream: also when the conductor died or wrote nonsense."""
    try:
        for line in _lines(sys.stdin.fileno()):
            stream.post(prepare(COMMAND.validate_json(line)))
    except ValidationError as error:
        # Said here: the process may end before a thread's own last words are out.
        print(f"no command: {error}", file=sys.stderr, flush=True)
    finally:
        stream.post(None)


def main(arguments: list[str] | None = None) -> int:
    """Run the process; returns its exit status."""
    parser = argparse.ArgumentParser(description="Play the demo's scene into a FIFO as concatenated JPEGs.")
    parser.add_argument("fifo", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    # Codes are drawn in plain Python beside the frames, which must not wait for them.
    sys.setswitchinterval(0.001)
    lock = threading.Lock()

    def report(message: StageReport) -> None:
        with lock:
            sys.stdout.write(REPORT.dump_json(message).decode() + "\n")
            sys.stdout.flush()

    stream = Stream(FramePipe(options.fifo), Scene(options.seed), report)
    threading.Thread(target=_listen, args=(stream,), name="commands", daemon=True).start()
    try:
        stream.run()
    except (BrokenPipeError, KeyboardInterrupt):  # the conductor is gone, or ends us
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
