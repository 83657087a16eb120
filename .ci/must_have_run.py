"""Fails when tests were skipped although what they need is present: a skip must never hide a failure."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def skips(report: Path) -> Iterator[tuple[str, str]]:
    """Yield name and reason of every skipped test of a JUnit report."""
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - our own test runner wrote it
        skipped = case.find("skipped")
        if skipped is not None:
            yield f"{case.get('classname')}::{case.get('name')}", skipped.get("message") or ""


def excused(reason: str) -> bool:
    """Whether what the reason names is really absent on this machine."""
    absent = {
        "shared": not SHARED.is_dir(),
        "socat": shutil.which("socat") is None,
        "strace": shutil.which("strace") is None,
        "tmux": shutil.which("tmux") is None,
        "micropython": (sys.platform, platform.machine()) not in {("linux", "x86_64"), ("darwin", "arm64")},
        "postgresql": shutil.which("postgres") is None and not any(Path("/usr/lib/postgresql").glob("*/bin/postgres")),
        "chromium": shutil.which("chromium") is None,
        "pdftoppm": shutil.which("pdftoppm") is None,
        "alsa-utils": shutil.which("aplay") is None,
        "systemd-analyze": shutil.which("systemd-analyze") is None,
    }
    return any(word in reason.lower() and gone for word, gone in absent.items())


def main() -> int:
    """Print every skip; exit status 1 when one of them has no excuse."""
    faults = 0
    for report in map(Path, sys.argv[1:]):
        for name, reason in skips(report):
            fine = excused(reason)
            faults += not fine
            print(f"{'skipped' if fine else 'SKIPPED WITHOUT NEED'}: {name}: {reason}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
