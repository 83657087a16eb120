"""Is anything heard: silence is played as the screen would play a result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.config.model import SoundSection
from scanner.health.finding import Finding, good, warning
from scanner.sound import recordings
from scanner.sound.programs import TRIAL, Fault, FaultKind, play_through

PART: Final = "sound"
_ADVICE: Final = {
    FaultKind.NO_PROGRAM: "run: sudo apt-get install alsa-utils",
    FaultKind.FAILED: "see what aplay -L lists, name a device in [sound], and see that this user is in the group audio",
    FaultKind.HANGS: "unplug the sound card and plug it in again, or restart the box",
}


def check_sound(section: SoundSection, path: str | None = None) -> Iterator[Finding]:
    """Yield whether recordings are whole and the device plays; it is only a warning, because the bell rings instead.

    `path`: where to look for programs that play; None: the PATH.
    """
    if not section.enabled:
        yield good(PART, "switched off in [sound] enabled")
        return
    for problem in recordings.problems():
        yield warning(PART, problem, "install the product again; until then that prompt is not spoken")
    found = play_through(TRIAL, section.device, path)
    if isinstance(found, Fault):
        yield warning(PART, f"nothing is heard, the terminal's bell rings instead: {found.detail}", _ADVICE[found.kind])
        return
    where = "the default device" if section.device is None else section.device
    yield good(
        PART,
        f"{found.name} plays on {where}, volume {section.day_volume}, "
        f"{section.night_volume} from {section.night_from} to {section.night_to}; to hear it: checkpoint sound",
    )
