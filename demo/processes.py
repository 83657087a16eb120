"""Child processes of the demo: they end with it, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
"""Where the packages are imported from."""
GRACE_S = 5.0

_BOOT = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
"""Asks Linux to kill the child at its parent's death (PR_SET_PDEATHSIG), however that comes. Killed and not asked to
end: an orphaned engine would go on looking for its ports, whose numbers the next pseudo-terminals get."""


def start(arguments: Sequence[str], *, log: IO[bytes], commanded: bool = False) -> subprocess.Popen[bytes]:
    """Start `python ARGUMENTS`, its standard output piped, its errors to `log`, in a session of its own.

    Must be called from the thread that lives as long as the demo: its end is the child's. Ctrl-C reaches the demo
    alone, which then ends its children in order.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", _BOOT, str(os.getpid()), *arguments],
        stdin=subprocess.PIPE if commanded else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
        start_new_session=True,
    )


def end(child: subprocess.Popen[bytes], grace_s: float = GRACE_S) -> int:
    """Ask a child to end, wait, and kill it when it does not; returns its exit status."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(grace_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    return child.returncode
