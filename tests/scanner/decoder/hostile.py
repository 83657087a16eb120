"""A decoder's process whose eyes do what the first pixel of the picture says: for tests of what the engine survives."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from pathlib import Path

from scanner.decoder import quick_worker, worker
from scanner.decoder.values import Decoded
from scanner.decoder.wire import Request, Unread

CRASH, HANG, FAIL, EAT, LEAVE = 1, 2, 3, 4, 5
LIE, FLOOD, LOOK_AROUND, FAR, WRITE, SPIN = 6, 7, 8, 9, 10, 11
FACE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def hang() -> None:
    """Sleep in C and keep the interpreter's lock: no signal handler and no other thread runs."""
    ctypes.PyDLL(None).sleep(1000)


def report() -> str:
    """What a hijacked process would find."""
    status = Path("/proc/self/status").read_text("ascii") if readable("/proc/self/status") else ""
    doors = {
        "a file can be read": readable("/etc/hostname"),
        "a file can be made": possible(lambda: os.open("/tmp/made-by-a-decoder", os.O_CREAT | os.O_WRONLY)),
        "a socket can be made": possible(lambda: socket.socket(socket.AF_INET)),
        "a program can be run": possible(lambda: os.posix_spawn("/bin/true", ["true"], {})),
        "a process can be forked": possible(forked),
        "privileges can be gained": "NoNewPrivs:\t0" in status,
    }
    return "; ".join(name for name, is_open in doors.items() if is_open) or "nothing"


def readable(path: str) -> bool:
    return possible(lambda: Path(path).read_bytes())


def forked() -> None:
    if os.fork() == 0:
        os._exit(0)


def possible(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return False
    return True


def eyes(picture: memoryview, request: Request) -> worker.Seen:
    match picture[0, 0]:
        case 1:
            os.abort()
        case 2:
            hang()
        case 3:
            raise RuntimeError("the decoder failed")
        case 4:
            return worker.Seen((Decoded(str(len(bytearray(4 << 30))), FACE, "x"),))
        case 5:
            os._exit(7)
        case 6:
            return worker.Seen((Decoded("A" * 9999, FACE, "x"),))
        case 7:
            return worker.Seen(tuple(Decoded(f"{n:05}" + "A" * 3000, FACE, "x") for n in range(64)))
        case 8:
            return worker.Seen((Decoded(report(), FACE, "x"),))
        case 9:
            return worker.Seen((Decoded("A", ((float("nan"), 0.0), *FACE[1:]), "x"),))
        case 10:
            picture[0, 0] = 0
        case 11:
            while True:
                pass
    return worker.Seen((Decoded(f"{request.width} x {request.height}", FACE, "x"),), Unread("closer", FACE), 3)


def main(arguments: list[str]) -> None:
    """Serve like the quick worker, with these eyes."""
    worker.run(arguments, lambda: eyes, memory=quick_worker.MEMORY)
