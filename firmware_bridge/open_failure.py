"""What keeps a device from being opened, in a sentence that says what to do."""

from __future__ import annotations

import errno
import grp
from pathlib import Path


def explain_open_failure(path: str, error: Exception) -> str:
    """Say in one sentence what keeps `path` from being opened, and what to do."""
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.EACCES, errno.EPERM):
        group = joinable_group(path)
        if group is None:
            return f"no permission to open {path}: no group may; give it to the group dialout with a udev rule"
        return (
            f"no permission to open {path}: it belongs to the group {group}; "
            f"run `sudo usermod -aG {group} $USER` and log in again"
        )
    if code in (errno.EBUSY, errno.EAGAIN):
        return f"{path} is in use by another program: end it, or name another port"
    if code in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return f"{path} is not there: is the device plugged in?"
    if code in (errno.ENOTTY, errno.EISDIR, errno.EINVAL) or "onfigure port" in str(error):
        return f"{path} is not a serial port, or has been unplugged"
    return f"{path} cannot be opened: {in_words(error)}"


def joinable_group(path: str) -> str | None:
    """Return the group whose members may open the device, or None when there is none to join."""
    try:
        status = Path(path).stat()
    except OSError:
        return "dialout"
    if status.st_gid == 0 or status.st_mode & 0o060 != 0o060:
        return None
    try:
        return grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        return str(status.st_gid)


def in_words(error: Exception) -> str:
    """Return what an error says of itself, or its name where it says nothing."""
    return str(error) or type(error).__name__
