"""The system calls that decoding needs, and a filter that refuses every other one (seccomp(2)). Linux only.

A refused call fails with EPERM as it would for somebody without the right to it: decoding goes on where it can. So a
hijacked process can compute and answer, and cannot open, connect, start, fork, signal or trace anything.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | 1
"""SECCOMP_RET_ERRNO with EPERM."""
_LOAD: Final = 0x20
"""BPF_LD | BPF_W | BPF_ABS of linux/filter.h."""
_EQUAL: Final = 0x15
"""BPF_JMP | BPF_JEQ | BPF_K."""
_RETURN: Final = 0x06
"""BPF_RET | BPF_K."""
_NUMBER_AT: Final = 0
"""Offset of the call's number in struct seccomp_data."""
_ARCH_AT: Final = 4


@dataclass(frozen=True, slots=True)
class Machine:
    """How one architecture numbers its calls."""

    audit: int
    """AUDIT_ARCH_… of linux/audit.h."""
    calls: Mapping[str, int]


MACHINES: Final[Mapping[str, Machine]] = {
    "x86_64": Machine(
        0xC000003E,
        {"read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12}
        | {"rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25, "madvise": 28}
        | {"getpid": 39, "sendto": 44, "recvfrom": 45, "exit": 60, "sigaltstack": 131, "gettid": 186, "futex": 202}
        | {"sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228, "clock_nanosleep": 230}
        | {"exit_group": 231, "getcpu": 309, "getrandom": 318, "membarrier": 324, "rseq": 334},
    ),
    "aarch64": Machine(
        0xC00000B7,
        {"close": 57, "lseek": 62, "read": 63, "write": 64, "fstat": 80, "exit": 93, "exit_group": 94, "futex": 98}
        | {"clock_gettime": 113, "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124}
        | {"restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139}
        | {"getcpu": 168, "getpid": 172, "gettid": 178, "sendto": 206, "recvfrom": 207, "brk": 214, "munmap": 215}
        | {"mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283}
        | {"rseq": 293},
    ),
}


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = [("size", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def allow_only_decoding() -> None:
    """Refuse the calling thread every other system call from now on; nothing on machines without a table here.

    PR_SET_NO_NEW_PRIVS must be set. Raises OSError where the kernel has no filters.
    """
    machine = MACHINES.get(os.uname().machine)
    if machine is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return
    program = _compiled(machine)
    pointer = _Program(len(program) // 8, program)
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(pointer), nothing, nothing) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _compiled(machine: Machine) -> bytes:
    """Return the filter: another architecture's calls are refused, those of the table allowed, the rest refused."""
    numbers = sorted(machine.calls.values())
    instructions = [(_LOAD, 0, 0, _ARCH_AT), (_EQUAL, 0, len(numbers) + 1, machine.audit), (_LOAD, 0, 0, _NUMBER_AT)]
    instructions += [(_EQUAL, len(numbers) - index, 0, number) for index, number in enumerate(numbers)]
    instructions += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
