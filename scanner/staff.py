"""Who works here: staff numbers, roles and PINs, in one file of the state folder.

PINs are kept as scrypt hashes (RFC 7914). A PIN of a few digits withstands people at the gate, not somebody who holds
the file: so wrong PINs slow down, and the file is readable by its owner only. The number of wrong PINs survives a
restart; after one, the wait for a number that had too many begins anew.

    StaffError
    ├── WrongPinError     the number or the PIN is wrong; which of both is not said
    ├── SlowDownError     too many wrong PINs; `wait_s` says how long to wait
    ├── StaffEntryError   a number, role or PIN that cannot be stored; the text says why
    └── StaffFileError    the file is damaged or cannot be written; the text says what to do
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scanner.files import give_to_owner, replace_file
from scanner.values import Role

__all__ = [
    "Role",
    "SlowDownError",
    "Staff",
    "StaffEntryError",
    "StaffError",
    "StaffFileError",
    "StaffMember",
    "WrongPinError",
]

FILE_NAME = "staff.json"
LOCK_NAME = "staff.lock"
MAX_BYTES = 1024 * 1024
SCRYPT_N = 2**14
SCRYPT_R = 8
SCRYPT_P = 1
"""16 MB and some 50 ms (300 ms on the appliance) a try."""
SCRYPT_MEMORY = 64 * 1024 * 1024
FREE_TRIES = 3
"""Wrong PINs before waiting begins: fingers slip, with gloves more so."""
LONGEST_WAIT_S = 300.0
"""At this pace ten thousand PINs take a month, and a guard locked out by a prankster is back in five minutes."""

_NUMBER = re.compile(r"[A-Za-z0-9-]{1,16}")
_PIN = re.compile(r"[0-9]{4,12}")
_RUNS = ("01234567890123456789", "98765432109876543210")


class StaffError(Exception):
    """Base of what can go wrong with staff and PINs; `key` names the words for it in the locale."""

    key = "staff.error"


class WrongPinError(StaffError):
    """The number or the PIN is wrong."""

    key = "staff.wrong_pin"

    def __init__(self) -> None:
        super().__init__("the staff number or the PIN is wrong")


class SlowDownError(StaffError):
    """Too many wrong PINs for this number."""

    key = "staff.slow_down"

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many wrong PINs; wait {max(1, round(wait_s))} seconds")
        self.wait_s = wait_s


class StaffEntryError(StaffError):
    """A number or PIN that cannot be stored."""

    key = "staff.entry"


class StaffFileError(StaffError):
    """The file of staff is damaged or cannot be used."""

    key = "staff.file"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One person on the list, without the PIN."""

    number: str
    """Opaque: it stands in the journal."""
    role: Role
    wrong: int
    """Wrong PINs since the last right one."""


@dataclass(frozen=True, slots=True)
class _Record:
    role: Role
    salt: bytes
    hash: bytes
    wrong: int


class Staff:
    """The list of staff. Safe to use from several threads, and beside another process that changes the file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._lock_path = folder / LOCK_NAME
        self._lock = threading.Lock()
        self._not_before: dict[str, float] = {}
        """Monotonic time before which no PIN of a number is looked at."""
        self._wrong_unsaved: dict[str, int] = {}
        """Wrong PINs that a full or read-only disk would not take."""

    @classmethod
    def open(cls, folder: Path) -> Staff:
        """Open the list in a state folder; a folder without one has no staff yet.

        Raises StaffFileError: the file is damaged, or others may read it.
        """
        staff = cls(folder)
        staff._read()
        return staff

    def members(self) -> tuple[StaffMember, ...]:
        """Return everybody on the list, by number. Raises StaffFileError."""
        with self._lock:
            records = self._read()
            return tuple(StaffMember(number, record.role, record.wrong) for number, record in sorted(records.items()))

    def add(self, number: str, role: Role, pin: str) -> None:
        """Put somebody on the list. Raises StaffEntryError, StaffFileError."""
        _check_number(number)
        record = _new_record(number, role, pin)
        with self._changing() as records:
            if number in records:
                raise StaffEntryError(f"there is a staff number {number} already; set its PIN, or take another number")
            records[number] = record

    def set_pin(self, number: str, pin: str) -> None:
        """Give somebody a new PIN, and forget their wrong ones. Raises StaffEntryError, StaffFileError."""
        with self._changing() as records:
            if number not in records:
                raise StaffEntryError(f"there is no staff number {number}")
            records[number] = _new_record(number, records[number].role, pin)
            self._not_before.pop(number, None)
            self._wrong_unsaved.pop(number, None)

    def check(self, number: str, pin: str, monotonic: float) -> Role:
        """Check a PIN at monotonic seconds and return the role it gives.

        Raises WrongPinError, SlowDownError (without looking at the PIN), StaffFileError.
        """
        with self._lock:
            records = self._read()
            record = records.get(number)
            if record is None:
                # As slow as a real check: the time must not tell which numbers exist.
                _fits(pin, b"", b"")
                raise WrongPinError
            wrong = max(record.wrong, self._wrong_unsaved.get(number, 0))
            wait = self._not_before.setdefault(number, monotonic + _wait_after(wrong)) - monotonic
            if wait > 0:
                raise SlowDownError(wait)
            if _fits(pin, record.salt, record.hash):
                self._not_before[number] = monotonic
                if wrong:
                    self._count(number, 0)
                return record.role
            # Counted, durably, before it is told: pulling the plug must not buy another try.
            self._count(number, wrong + 1)
            self._not_before[number] = monotonic + _wait_after(wrong + 1)
            raise WrongPinError

    def _count(self, number: str, wrong: int) -> None:
        """Keep the number of wrong PINs; a disk that takes nothing more must not lock staff out."""
        try:
            with self._locked_file():
                records = self._read()
                if number in records:
                    records[number] = replace(records[number], wrong=wrong)
                    self._write(records)
        except StaffFileError:
            self._wrong_unsaved[number] = wrong
        else:
            self._wrong_unsaved.pop(number, None)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, _Record]]:
        with self._lock, self._locked_file():
            records = self._read()
            yield records
            self._write(records)

    @contextmanager
    def _locked_file(self) -> Iterator[None]:
        """Keep other processes from changing the file between reading and writing it."""
        try:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StaffFileError(f"{self._lock_path}: {error.strerror}; is the state folder writable?") from None
        try:
            give_to_owner(descriptor, self._lock_path.parent)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self) -> dict[str, _Record]:
        try:
            with self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise StaffFileError(f"{self._path} can be read by others; run: chmod 600 {self._path}")
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StaffFileError(f"{self._path} cannot be read: {error.strerror}") from None
        try:
            return _decode(data)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise StaffFileError(
                f"{self._path} is damaged; move it away and add the staff again with: checkpoint staff add"
            ) from None

    def _write(self, records: dict[str, _Record]) -> None:
        staff = {
            number: {
                "role": record.role.value,
                "salt": record.salt.hex(),
                "scrypt": record.hash.hex(),
                "wrong": record.wrong,
            }
            for number, record in sorted(records.items())
        }
        try:
            replace_file(self._path, json.dumps({"version": 1, "staff": staff}, indent=1).encode(), mode=0o600)
        except OSError as error:
            raise StaffFileError(f"{self._path} cannot be written: {error.strerror}") from None


def _decode(data: bytes) -> dict[str, _Record]:
    """Read the file; any error of shape means that it is damaged."""
    fields = json.loads(data)
    if len(data) > MAX_BYTES or fields["version"] != 1:
        raise ValueError("not version 1")
    records: dict[str, _Record] = {}
    for number, entry in fields["staff"].items():
        salt, digest = bytes.fromhex(entry["salt"]), bytes.fromhex(entry["scrypt"])
        wrong = entry["wrong"]
        if len(salt) != 16 or len(digest) != 32 or type(wrong) is not int or wrong < 0:
            raise ValueError("a record of the wrong shape")
        records[number] = _Record(Role(entry["role"]), salt, digest, wrong)
    return records


def _new_record(number: str, role: Role, pin: str) -> _Record:
    _check_pin(number, pin)
    salt = secrets.token_bytes(16)
    return _Record(role, salt, _hash(pin, salt), 0)


def _check_number(number: str) -> None:
    if not _NUMBER.fullmatch(number):
        raise StaffEntryError("a staff number is 1 to 16 letters, digits and hyphens; no name: it stands in the log")


def _check_pin(number: str, pin: str) -> None:
    if not _PIN.fullmatch(pin):
        raise StaffEntryError("a PIN is 4 to 12 digits")
    if len(set(pin)) == 1 or any(pin in run for run in _RUNS) or pin == number:
        raise StaffEntryError("this PIN would be guessed first: no row of digits, no repeated digit, not the number")


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=SCRYPT_MEMORY, dklen=32)


def _fits(pin: str, salt: bytes, digest: bytes) -> bool:
    """Compare in constant time. What is no PIN at all never fits: scrypt's HMAC takes "1" and "1" with NUL for one."""
    is_pin = _PIN.fullmatch(pin) is not None
    return hmac.compare_digest(_hash(pin if is_pin else "", salt), digest) and is_pin


def _wait_after(wrong: int) -> float:
    """Return how long to wait after so many wrong PINs: 2 s, 4 s, 8 s … once the free tries are used up."""
    if wrong < FREE_TRIES:
        return 0.0
    return float(min(2.0 ** min(wrong - FREE_TRIES + 1, 32), LONGEST_WAIT_S))
