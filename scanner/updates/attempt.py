"""One update, whoever asked for it: the appliance's clock and memory go in, a report comes out and is left behind."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from keys.errors import UpdateCause, UpdateError
from keys.update import Outcome, Step, open_source, update
from scanner.clock import Clock, EvidenceKind
from scanner.clock_probes import PROBES, boot_id
from scanner.config.model import Configuration
from scanner.engine.seen import SeenLists
from scanner.updates.report import Result, UpdateReport, leave

LOG = logging.getLogger(__name__)

_STRONG = frozenset({EvidenceKind.NTP, EvidenceKind.HARDWARE_CLOCK})
"""Evidence that a time signed far ahead does not outweigh. A supervisor's word and an older signed time do not count:
a box that was put right from a stick that had lain in a drawer must be able to take in today's lists."""

_NOT_JUDGED = frozenset({UpdateCause.UNREACHABLE, UpdateCause.BUSY})
"""Nothing was wrong with what the source offers: it was not looked at."""


def believes_signed_time(clock: Clock) -> bool:
    """Whether lists dated ahead of this clock may show that it is behind, rather than that they are wrong."""
    evidence = clock.evidence
    return evidence is None or evidence.kind not in _STRONG


def attempt(
    configuration: Configuration, source: str, *, progress: Callable[[Step], None] = lambda _: None
) -> tuple[UpdateReport, Outcome | None]:
    """Bring the appliance up to date from an address or a folder, and leave the report for the engine's log.

    Never raises for what the source or the disk does: that is in the report.
    """
    state = configuration.state.folder
    clock = Clock(state, probes=PROBES, boot=boot_id())
    now = clock.now()
    outcome: Outcome | None = None
    try:
        with contextlib.closing(open_source(source)) as opened:
            outcome = update(
                configuration.trust.folder,
                opened,
                configuration.trust.regions,
                now,
                seen=SeenLists(state).times,
                believe_signed_time=believes_signed_time(clock),
                progress=progress,
            )
    except UpdateError as error:
        result = Result.UNREACHABLE if error.cause in _NOT_JUDGED else Result.REFUSED
        report = UpdateReport(now, source, result, str(error), error.cause.value)
    else:
        report = UpdateReport(
            now,
            source,
            Result.TAKEN_IN if outcome.changed else Result.NOTHING_NEW,
            "; ".join(outcome.problems),
            generation=outcome.generation,
            signed_time=outcome.signed_time,
            requests=outcome.requests,
            received=outcome.bytes,
        )
    _leave(state, report)
    return report, outcome


def _leave(state: Path, report: UpdateReport) -> None:
    try:
        leave(state, report)
    except OSError as error:
        LOG.error("the update's report cannot be left in %s: %s", state, error.strerror or error)
