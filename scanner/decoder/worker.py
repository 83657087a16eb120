"""What a decoder's process runs: take a picture from shared memory, look at it, answer; nothing else, until the end.

Started by `process` with two descriptors: a socket for the messages of `wire`, and memory it can only read. The quick
process loads zxing-cpp and no more; the other one loads everything for harder looks and for hints.
"""

from __future__ import annotations

import mmap
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from scanner.decoder.confine import confine
from scanner.decoder.values import Decoded
from scanner.decoder.wire import MAX_PIXELS, Kind, Reply, Request, Unread, read_request, write_reply


@dataclass(frozen=True, slots=True)
class Seen:
    """What a worker's eyes make of one picture."""

    codes: tuple[Decoded, ...] = ()
    unread: Unread | None = None
    looks: int = 0


Eyes = Callable[[memoryview, Request], Seen]
"""Looks at a picture of `request.height` rows and `request.width` columns of bytes, within the request's budget."""


def serve(connection: socket.socket, memory: mmap.mmap, eyes: Eyes) -> None:
    """Answer requests until the engine closes the socket."""
    connection.send(write_reply(Reply(Kind.READY, 0)))
    everything = memoryview(memory)
    while data := connection.recv(4096):
        request = read_request(data)
        picture = everything[: request.width * request.height].cast("B", (request.height, request.width))
        try:
            seen = eyes(picture, request)
        except Exception as error:  # the one edge of this process: say what broke, and end
            connection.send(write_reply(Reply(Kind.UNABLE, request.number, text=f"{type(error).__name__}: {error}")))
            return
        connection.send(write_reply(Reply(Kind.SEEN, request.number, seen.codes, seen.unread, seen.looks)))


def run(arguments: list[str], load: Callable[[], Eyes], *, memory: int, spare: bool = False) -> None:
    """Be a decoder's process: load the eyes, give up everything else, serve.

    `arguments`: descriptor of the socket, descriptor of the memory, process that started this one. `memory`: bytes of
    address space at most. `spare`: take only time that nobody else wants.
    """
    connection = socket.socket(fileno=int(arguments[0]))
    descriptor = int(arguments[1])
    shared = mmap.mmap(descriptor, MAX_PIXELS, prot=mmap.PROT_READ)
    os.close(descriptor)  # the map holds another
    try:
        eyes = load()
        confine(int(arguments[2]), memory=memory, spare=spare)
    except (ImportError, OSError, AttributeError) as error:
        connection.send(write_reply(Reply(Kind.UNABLE, 0, text=f"{type(error).__name__}: {error}")))
        return
    serve(connection, shared, eyes)


def quick() -> Eyes:
    """Load zxing-cpp and return the look that every frame gets."""
    from scanner.decoder import zxing  # noqa: PLC0415 - loaded here, where its absence can be told

    def eyes(picture: memoryview, request: Request) -> Seen:
        # The smaller picture adds a third to the time and few codes: every other frame of a stream goes without.
        sight = zxing.look(picture, smaller_too=request.turn % 2 == 0)
        return Seen(sight.codes, Unread("", sight.unread[0].corners) if sight.unread else None)

    return eyes


def harder() -> Eyes:
    """Load all decoders and return the looks that some frames get."""
    import cv2  # noqa: PLC0415 - loaded here, where its absence can be told
    import numpy as np  # noqa: PLC0415

    from scanner.decoder import zxing  # noqa: PLC0415
    from scanner.decoder.chain import harder_looks, preload  # noqa: PLC0415
    from scanner.sight.hints import find_candidate  # noqa: PLC0415

    cv2.setNumThreads(1)
    preload()

    def eyes(picture: memoryview, request: Request) -> Seen:
        began = time.process_time()  # by the clock on the wall, a busy machine would never have time for a hint
        grey = np.frombuffer(picture, np.uint8).reshape(request.height, request.width)
        quick = zxing.look(picture) if request.found else None
        looked = harder_looks(grey, budget_ms=request.budget_ms, turn=request.turn, region=request.region, quick=quick)
        candidate = None
        if not looked.codes and (time.process_time() - began) * 1000 < 2 * request.budget_ms:
            candidate = find_candidate(grey)
        unread = None
        if candidate is not None and len(candidate.outline) == 4:
            a, b, c, d = ((float(x), float(y)) for x, y in candidate.outline)
            unread = Unread(candidate.hint.value if candidate.hint else "", (a, b, c, d))
        return Seen(looked.codes, unread, looked.taken)

    return eyes
