"""Who asks, where nothing is uploaded: the header `Checkpoint-Proof: <seconds>:<base64url signature>`.

The appliance signs `checkpoint request`, method, path and the time in seconds, each on a line. The time is not compared
with the hub's clock: an appliance after a month in a cupboard does not know the time, and what may be asked like this
tells nothing personal and changes nothing, so that a recorded proof is worth no more than its answer.
"""

from __future__ import annotations

import re

from cryptography.exceptions import InvalidSignature

from hub.enrolment import decoded
from hub.errors import Problem, RefusalError
from hub.values import Appliance

HEADER = "Checkpoint-Proof"
_HEADER = re.compile(r"(?P<seconds>0|[1-9][0-9]{0,15}):(?P<signature>[A-Za-z0-9_-]{86}={0,2})")


def holds(appliance: Appliance, header: str | None, method: str, path: str) -> bool:
    """Whether the header is by the appliance's key for this request."""
    try:
        check(appliance, header, method, path)
    except RefusalError:
        return False
    return True


def check(appliance: Appliance, header: str | None, method: str, path: str) -> None:
    """Raise RefusalError unless the header is by the appliance's key for this request."""
    match = _HEADER.fullmatch(header or "")
    if match is None:
        raise RefusalError(401, Problem.UNKNOWN_KEY, f"the header {HEADER} is missing or not <seconds>:<signature>")
    signed = f"checkpoint request\n{method}\n{path}\n{match['seconds']}".encode()
    try:
        appliance.key.verify(decoded(match["signature"], 64), signed)
    except InvalidSignature:
        raise RefusalError(401, Problem.UNKNOWN_KEY, f"the {HEADER} is not by this appliance's key") from None
