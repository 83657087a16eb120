"""Handing on the trust repository: a folder that the authority signed, over HTTP with what caches need; read only.

What a name says forever is cached forever: targets bear their hash, metadata but for the timestamp bear their version.
JSON goes out compressed where the caller takes gzip, from a small cache, so that ten thousand appliances cost one
compression. Nothing here is believed or checked: that is the appliance's part.
"""

from __future__ import annotations

import gzip
import os
import re
import stat
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock

from hub.errors import Problem, RefusalError, SetupError

MAX_FILE = 64 * 1024 * 1024
"""Bytes; the largest that appliances take is 8 MiB."""
CACHE_BYTES = 64 * 1024 * 1024
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_MAX_PARTS = 6
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, no-cache"
_TYPES = {".json": "application/json", ".cwt": "application/statuslist+cwt", ".toml": "application/toml"}
_ROOT = re.compile(r"([1-9][0-9]{0,8})\.root\.json")


@dataclass(frozen=True, slots=True)
class Answer:
    """A file, or word that the caller has it already."""

    status: int
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Held:
    """A file as it was read once: told apart from later ones by its inode, time and size."""

    mark: tuple[int, int, int]
    plain: bytes
    packed: bytes | None
    etag: str


class Repository:
    """Reads a repository's folder; used by many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def root_sha256(self) -> bytes:
        """Return the SHA-256 of the newest root, which new appliances begin with. Raises SetupError."""
        try:
            names = [path.name for path in (self._folder / "metadata").iterdir()]
        except OSError as error:
            words = f"{self._folder} is no trust repository ({error.strerror}); make one: checkpoint authority found"
            raise SetupError(words) from error
        versions = [int(match[1]) for match in map(_ROOT.fullmatch, names) if match]
        if not versions:
            raise SetupError(f"{self._folder / 'metadata'} holds no root; make one: checkpoint authority found")
        return sha256(self._read(f"metadata/{max(versions)}.root.json").plain).digest()

    def answer(self, path: str, accept_encoding: str, if_none_match: str) -> Answer:
        """Answer a GET of `path` below the repository. Raises RefusalError: 404."""
        held = self._read(path)
        packed = held.packed is not None and _takes_gzip(accept_encoding)
        etag = held.etag[:-1] + '-gzip"' if packed else held.etag
        headers = {
            "ETag": etag,
            "Cache-Control": _ASK_AGAIN if path == "metadata/timestamp.json" else _FOREVER,
            "Vary": "Accept-Encoding",
            "Content-Type": _TYPES.get(Path(path).suffix, "application/octet-stream"),
        }
        if etag in {one.strip().removeprefix("W/") for one in if_none_match.split(",")}:
            return Answer(304, b"", headers)
        if packed and held.packed is not None:
            return Answer(200, held.packed, headers | {"Content-Encoding": "gzip"})
        return Answer(200, held.plain, headers)

    def _read(self, path: str) -> _Held:
        parts = path.split("/")
        known = len(parts) <= _MAX_PARTS and parts[0] in {"metadata", "targets"}
        if not known or not all(_PART.fullmatch(part) for part in parts):
            raise _missing()
        try:
            descriptor = _open_below(self._folder, parts)
        except OSError:
            raise _missing() from None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if status.st_size > MAX_FILE:
                raise _missing()
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            with self._lock:
                held = self._held.get(path)
                if held is not None and held.mark == mark:
                    self._held.move_to_end(path)
                    return held
            plain = file.read(MAX_FILE)
        packed = gzip.compress(plain, 6, mtime=0) if path.endswith(".json") and len(plain) > 256 else None
        return self._keep(path, _Held(mark, plain, packed, f'"{sha256(plain).hexdigest()[:32]}"'))

    def _keep(self, path: str, held: _Held) -> _Held:
        with self._lock:
            before = self._held.pop(path, None)
            if before is not None:
                self._bytes -= _size(before)
            self._held[path] = held
            self._bytes += _size(held)
            while self._bytes > CACHE_BYTES and len(self._held) > 1:
                _, gone = self._held.popitem(last=False)
                self._bytes -= _size(gone)
        return held


def _takes_gzip(accept_encoding: str) -> bool:
    for one in accept_encoding.lower().split(","):
        coding, _, rest = one.partition(";")
        if coding.strip() in {"gzip", "*"}:
            return re.fullmatch(r"\s*q=0(\.0*)?\s*", rest) is None
    return False


def _open_below(folder: Path, parts: list[str]) -> int:
    """Open a plain file below `folder`, following no link on the way. Raises OSError."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
        found = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
        if not stat.S_ISREG(os.fstat(found).st_mode):
            os.close(found)
            raise IsADirectoryError(parts[-1])
        return found
    finally:
        os.close(at)


def _size(held: _Held) -> int:
    return len(held.plain) + len(held.packed or b"")


def _missing() -> RefusalError:
    return RefusalError(404, Problem.NOT_FOUND, "the repository has no such file")
