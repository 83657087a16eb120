"""Where the control socket is: as configured, or, where that folder cannot be written, in a folder of this user's own.

A state folder that has become read-only must not leave the guard before a dark screen.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path


def stand_in(configured: Path) -> Path:
    """Return the path that is used where `configured` cannot be; one for each configured path and user."""
    name = hashlib.sha256(os.fsencode(configured.absolute())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"checkpoint-{os.getuid()}" / f"{name}.sock"


def is_ours(folder: Path) -> bool:
    """Whether a folder is really one, this user's, and closed to everybody else: /tmp is everybody's."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
