"""What is heard at a gate: tone patterns told apart by ear, recorded prompts, and who plays them.

`tones` and `vocabulary` are pure: which patterns there are, and what a view of the engine sounds like. `recordings`
holds the spoken prompts, `player` plays without ever holding up its caller, `announcer` joins them for a screen.
Nothing here knows the engine or a screen.

    SoundError          base of what may be caught here
    └ RecordingError    a recording is missing or is no µ-law WAV: the installation is damaged

A missing sound device is no error: it is `player.Fault`, and the caller rings a bell instead.
"""

from __future__ import annotations


class SoundError(Exception):
    """Base of this package's errors."""
