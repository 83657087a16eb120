"""Where updates come from: a repository over HTTP(S), or the same repository as a folder, such as a USB stick.

A source is believed in nothing. It hands out bounded bytes in bounded time; what they are worth, their signatures say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from keys.errors import FetchError, NotThereError, UpdateCause
from keys.update.files import NoFileError, TooLargeError, read_below

STICK_FOLDER = "checkpoint-trust"
"""What the repository is called at the top of a stick."""


class Source(Protocol):
    """A repository of The Update Framework with consistent snapshots."""

    @property
    def name(self) -> str:
        """Where it is, for people."""

    @property
    def requests(self) -> int:
        """How many files were asked for so far."""

    @property
    def received(self) -> int:
        """How many bytes of content came so far, as they went over the wire."""

    def fetch(self, path: str, limit: int) -> bytes:
        """Return the file at `path` (`metadata/…`, `targets/…`), at most `limit` bytes.

        Raises NotThereError: the source has no such file. Raises FetchError: it cannot be read, sends more than
        `limit`, or takes too long; or, as WRONG_CONTENT, it has something else in the file's place: a link, a pipe, a
        redirect, an encoding that does not hold.
        """

    def close(self) -> None:
        """Let go of what it holds open."""


def open_source(place: str, pin: bytes | None = None) -> Source:
    """Return the source at a URL (http, https) or in a folder: the repository itself, or the stick that carries it.

    `pin`: SHA-256 of the key in the server's certificate (`keys.http_line`), where that is all that counts.

    Raises FetchError: no URL of a kind we read.
    """
    if "://" in place:
        # Half a tenth of a second that an appliance without a network need not wait for.
        from keys.update.http_source import HttpSource  # noqa: PLC0415

        return HttpSource(place, pin=pin)
    folder = Path(place)
    return FolderSource(folder / STICK_FOLDER if (folder / STICK_FOLDER).is_dir() else folder)


class FolderSource:
    """A repository in a folder. Only regular files below it are read: a stick may hold pipes, devices and links."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._requests = 0
        self._received = 0

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    @property
    def requests(self) -> int:
        """How many files were asked for so far."""
        return self._requests

    @property
    def received(self) -> int:
        """How many bytes were read so far."""
        return self._received

    def fetch(self, path: str, limit: int) -> bytes:
        """Return a file; see `Source.fetch`."""
        self._requests += 1
        try:
            content = read_below(self._folder, path, limit)
        except FileNotFoundError:
            if not self._folder.is_dir():
                raise FetchError(UpdateCause.UNREACHABLE, f"there is no folder {self._folder}") from None
            raise NotThereError(f"{self._folder} holds no {path}") from None
        except TooLargeError as error:
            raise FetchError(UpdateCause.ENDLESS_DATA, f"{self._folder / path}: {error.strerror}") from None
        except NoFileError as error:
            words = f"{self._folder / path} cannot be read: {error.strerror}"
            raise FetchError(UpdateCause.WRONG_CONTENT, words) from None
        except OSError as error:
            words = f"{self._folder / path} cannot be read: {error.strerror or error}"
            raise FetchError(UpdateCause.UNREACHABLE, words) from None
        self._received += len(content)
        return content

    def close(self) -> None:
        """Nothing is held open."""
