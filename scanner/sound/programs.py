"""The programs of the system that play sound, and one play by one of them.

Each is started with fixed arguments and the whole sound as a file on its standard input, a file that lives in memory:
nothing has to be fed to it, so a program that hangs holds nobody up. The kernel tells when it ends (a pidfd).
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

from scanner.sound.clip import Clip, silence

MAX_WORDS: Final = 160
"""Characters of what a program says about its failure."""
_CALLS: Mapping[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = MappingProxyType(
    {
        "aplay": (("-q",), "--device=", ("-",)),
        "pw-play": ((), "--target=", ("/dev/stdin",)),
        "paplay": ((), "--device=", ("/dev/stdin",)),
    }
)
"""By name, in the order they are tried: arguments, how a device is named, what is played. ALSA is on every box."""
HANGS_S: Final = 2.5
"""How much longer than its sound a program may take: a slow card opens in a second."""
TRIAL: Final = silence(0.05)
"""What is played to find out whether anything would be heard."""


@unique
class FaultKind(StrEnum):
    """Why nothing is heard."""

    NO_PROGRAM = "no_program"
    FAILED = "failed"
    """The program said that it cannot play: no device, a busy one."""
    HANGS = "hangs"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why nothing is heard, and in the program's own words."""

    kind: FaultKind
    detail: str


NO_PROGRAM: Final = Fault(FaultKind.NO_PROGRAM, f"none of {', '.join(_CALLS)} is installed")


@dataclass(frozen=True, slots=True)
class Program:
    """A program that plays a WAV file from its standard input."""

    name: str
    call: tuple[str, ...]
    """Its path and arguments."""


def find(device: str | None, path: str | None = None) -> tuple[Program, ...]:
    """Return the programs there are, in the order to try them; none elsewhere than on Linux.

    `device`: its name, None for the system's default; `path`: where to look, None for the PATH.
    """
    found: list[Program] = []
    if sys.platform != "linux":
        return ()
    for name, (arguments, option, played) in _CALLS.items():
        program = shutil.which(name, path=path)
        if program is not None:
            where = () if device is None else (option + device,)
            found.append(Program(name, (program, *arguments, *where, *played)))
    return tuple(found)


class Play:
    """One sound being played.

    Raises OSError: the program cannot be started.
    """

    def __init__(self, program: Program, sound: Clip) -> None:
        self._name = program.name
        with contextlib.ExitStack() as stack:
            data = os.memfd_create("sound")
            stack.callback(os.close, data)
            os.write(data, sound.as_wav())
            os.lseek(data, 0, os.SEEK_SET)
            self._words, theirs = os.pipe()
            stack.callback(os.close, theirs)
            os.set_blocking(self._words, False)
            try:
                self._process = subprocess.Popen(
                    program.call,
                    stdin=data,
                    stdout=subprocess.DEVNULL,
                    stderr=theirs,
                    start_new_session=True,  # Ctrl-C at the terminal is not meant for it
                    env={**os.environ, "LC_ALL": "C"},
                )
            except OSError:
                os.close(self._words)
                raise
        self.ended = os.pidfd_open(self._process.pid)
        """Readable when it has ended."""

    def failure(self) -> str | None:
        """Return, once it has ended, why it failed in the program's own words; None: it has played."""
        status = self._process.wait()
        if status == 0:
            return None
        said = b""
        with contextlib.suppress(BlockingIOError):
            said = os.read(self._words, 64 * 1024)
        lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
        last = lines[-1].strip().removeprefix(f"{self._name}: ") if lines else ""
        words = "".join(letter for letter in last if letter.isprintable())[:MAX_WORDS]
        return words or f"it ended with status {status}"

    def kill(self) -> None:
        """Silence it: whatever it has started in its session is killed with it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def alive(self) -> bool:
        """Whether it still runs: a program that waits for broken hardware may outlive being killed."""
        return self._process.poll() is None

    def close(self) -> None:
        """Let go of it."""
        os.close(self.ended)
        os.close(self._words)


def play_through(sound: Clip, device: str | None, path: str | None = None) -> Program | Fault:
    """Play a sound to its end, by the first program that can; return that, or why none of them could."""
    fault: Fault | None = None
    for program in find(device, path):
        failure = _play(program, sound)
        if failure is None:
            return program
        fault = fault or failure
    return fault or NO_PROGRAM


def _play(program: Program, sound: Clip) -> Fault | None:
    try:
        play = Play(program, sound)
    except OSError as error:
        return Fault(FaultKind.FAILED, f"{program.name}: {error.strerror}")
    deadline = time.monotonic() + sound.seconds + HANGS_S
    ended = select.poll()
    ended.register(play.ended, select.POLLIN)
    try:
        if not ended.poll(max(0.0, deadline - time.monotonic()) * 1000):
            play.kill()
            return Fault(FaultKind.HANGS, f"{program.name}: it hangs")
        failure = play.failure()
        return None if failure is None else Fault(FaultKind.FAILED, f"{program.name}: {failure}")
    finally:
        play.close()
