"""What the appliance has proved and kept, for commands that only look: proved once more, exactly as the engine does."""

from __future__ import annotations

from keys.update import Proved, prove
from scanner.clock import Clock
from scanner.clock_probes import PROBES, boot_id
from scanner.config.model import Configuration
from scanner.engine.seen import SeenLists
from scanner.journal.device import known_id


def proved(configuration: Configuration) -> Proved:
    """Prove the keys, lists and policy that are kept. Raises UpdateError: there are none, or nothing of them holds."""
    clock = Clock(configuration.state.folder, probes=PROBES, boot=boot_id())
    now = max(clock.now(), clock.floor)
    state = configuration.state.folder
    return prove(configuration.trust.folder, configuration.trust.regions, now, SeenLists(state).times, known_id(state))
