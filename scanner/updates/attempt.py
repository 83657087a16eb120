"""One update, whoever asked for it: the appliance's clock and memory go in, a report comes out and is left behind."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from keys.errors import UpdateCause, UpdateError
from keys.update import Outcome, Step, open_source, update
from scanner.clock import Clock, EvidenceKind
from scanner.clock_probes import PROBES, boot_id
from scanner.config.model import Configuration
from scanner.config.problems import ConfigError
from scanner.engine.seen import SeenLists
from scanner.journal.device import known_id
from scanner.policy_rules import read_rules
from scanner.updates.origin import pin_of
from scanner.updates.report import FAULT, Result, UpdateReport, leave

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
    now = max(clock.now(), clock.floor)
    outcome: Outcome | None = None
    try:
        with contextlib.closing(open_source(source, pin_of(configuration, source))) as opened:
            outcome = update(
                configuration.trust.folder,
                opened,
                configuration.trust.regions,
                now,
                seen=SeenLists(state).times,
                believe_signed_time=believes_signed_time(clock),
                device=known_id(state),
                check_policy=partial(_check_policy, configuration.trust.regions[0]),
                progress=progress,
            )
    except UpdateError as error:
        result = Result.UNREACHABLE if error.cause in _NOT_JUDGED else Result.REFUSED
        report = UpdateReport(now, source, result, str(error), error.cause.value)
    except Exception as error:  # the edge of what strangers send: an error of ours is a refusal too, and is said
        LOG.exception("the update from %s failed", source)
        report = UpdateReport(now, source, Result.REFUSED, f"an error of this program: {error!r}", FAULT)
    else:
        report = _report(now, source, outcome, configuration.trust.regions[0])
    _leave(state, report)
    return report, outcome


def _report(now: int, source: str, outcome: Outcome, home: str) -> UpdateReport:
    """Return what became of an update that was not refused as a whole. Without the home region it was of no use."""
    of_home = next((one for one in outcome.refused if one.issuer == home), None)
    first = of_home or next(iter(outcome.refused), None)
    words = [f"{one.issuer}: {one.words}" for one in sorted(outcome.refused, key=lambda one: one.issuer != home)]
    result = Result.TAKEN_IN if outcome.changed else Result.NOTHING_NEW
    return UpdateReport(
        now,
        source,
        Result.REFUSED if of_home is not None else result,
        "; ".join([*words, *outcome.problems]),
        None if first is None else first.cause.value,
        generation=outcome.generation,
        signed_time=outcome.signed_time,
        requests=outcome.requests,
        received=outcome.bytes,
    )


def _check_policy(home: str, data: bytes) -> None:
    """Read a policy as the engine will, so that one it cannot use replaces none on the disk. Raises ValueError."""
    try:
        issuer = read_rules(data, f"policy/{home}.toml").issuer
    except ConfigError as error:
        raise ValueError(str(error)) from None
    if issuer != home:
        raise ValueError(f'policy/{home}.toml does not say issuer = "{home}"')


def _leave(state: Path, report: UpdateReport) -> None:
    try:
        leave(state, report)
    except OSError as error:
        LOG.error("the update's report cannot be left in %s: %s", state, error.strerror or error)
