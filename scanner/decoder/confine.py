"""What a decoder's process gives up before it looks at its first picture. Linux only; standard library only.

A picture may turn the process into anybody's. Then it should find nothing to use: no file to open, nothing to start,
no memory to eat up, no debugger's way into its neighbours, and no life after the engine's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path
from typing import Final

from scanner.decoder.system_calls import allow_only_decoding

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_DIES_FIRST: Final = 800
"""Added to what the kernel's out-of-memory killer thinks of the process (proc_pid_oom_score_adj(5))."""


def confine(parent: int, *, memory: int, spare: bool) -> None:
    """Give up what decoding does not need. To be called when everything is loaded.

    `parent`: the process that started this one; when that ends, this one is killed. `memory`: bytes of address space.
    `spare`: run only while nobody else wants the core (sched(7), SCHED_IDLE): whoever wants it has it at once. Raises
    OSError where Linux refuses something that it grants everybody, and ProcessLookupError when the parent is gone.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise ProcessLookupError("the engine is gone")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    with contextlib.suppress(OSError):  # where /proc is not there or not for us, the killer chooses by size
        Path("/proc/self/oom_score_adj").write_text(str(_DIES_FIRST), "ascii")
    if spare:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (most, most))
    with contextlib.suppress(OSError):  # a kernel built without filters; what is above still holds
        allow_only_decoding()


def _prctl(option: int, value: int) -> None:
    """Call prctl(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_ulong(0)
    if libc.prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl {option}: {os.strerror(number)}")
