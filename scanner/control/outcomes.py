"""What became of a person in the end."""

from __future__ import annotations

from keys.reasons import Reason
from scanner.control.messages import ResultView
from scanner.values import Outcome


def effective_outcome(result: ResultView) -> Outcome:
    """Return what became of the person after staff's word: an admitted person is not shown as stopped."""
    if result.overridden is Reason.OVERRIDE_ADMIT:
        return Outcome.PASS
    if result.overridden is Reason.OVERRIDE_REFUSE:
        return Outcome.STOP
    return result.outcome
