"""The spoken prompts: recordings beside this module, one a language and prompt, listed in their manifest.

`docs/make_voice.py` renders them from the locale's `voice.*`. A language without recordings is spoken in English.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.sound.clip import Clip
from scanner.sound.mulaw_wav import RecordingError, read

FALLBACK = "en"
FOLDER = Path(__file__).parent / "voice"
MANIFEST = "manifest.json"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Recording(BaseModel):
    """One line of the manifest."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    language: str
    key: str
    """Of the locale, without `voice.`."""
    file: Annotated[str, Field(pattern=r"^[A-Za-z_]+/[a-z_]+\.wav$")]
    """Below this folder. Languages that sound the same share one."""
    text_sha256: Sha256
    """Of how the text is spoken: another one, and the recording is stale."""
    sound_sha256: Sha256
    """Of the file."""


class Manifest(BaseModel):
    """Every recording there is."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    recordings: tuple[Recording, ...]


@cache
def manifest() -> Manifest:
    """Return the list of recordings.

    Raises RecordingError: it is missing or damaged.
    """
    try:
        return Manifest.model_validate_json((_folder() / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise RecordingError(
            f"the list of recorded prompts cannot be read, install the product again: {error}"
        ) from None


def load(language: str, key: str) -> Clip:
    """Return a prompt as sound, in English where its language was not recorded.

    Raises RecordingError: there is no such prompt, or its file is missing or damaged.
    """
    by_name = {(one.language, one.key): one for one in manifest().recordings}
    found = by_name.get((language, key)) or by_name.get((FALLBACK, key))
    if found is None:
        raise RecordingError(f"no prompt {key!r} was recorded")
    return read(_bytes(found))


def problems() -> Iterator[str]:
    """Yield in words what is wrong with the recordings: missing, or not what was rendered."""
    try:
        listed = manifest().recordings
    except RecordingError as error:
        yield str(error)
        return
    for one in listed:
        try:
            if hashlib.sha256(_bytes(one)).hexdigest() != one.sound_sha256:
                yield f"the recording {one.file} is damaged"
        except RecordingError as error:
            yield str(error)


def _folder() -> Traversable:
    return resources.files("scanner.sound") / "voice"


def _bytes(one: Recording) -> bytes:
    try:
        return (_folder() / one.file).read_bytes()
    except OSError as error:
        raise RecordingError(f"the recording {one.file} cannot be read: {error.strerror}") from None
