"""The proof of a foreign code: the verifier's numbered steps, as far as other issuers' standards have them. Pure.

Steps 2 to 4 are `keys.foreign_trust`; there is no presentation (9). A key is revoked (6) by whoever lists it, by
removing it or by saying so. The status (10) is asked of `ForeignStatus` where one is given: without any, the standards
let a verifier go on, and the verdict's `status` says that nobody was asked.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import NamedTuple, Protocol

from keys.countries import is_country
from keys.foreign_code import ForeignCode
from keys.foreign_key import ForeignKey
from keys.foreign_trust import ForeignTrust
from keys.reasons import Reason
from keys.verdict import CodeFormat, CodeIdentity, StatusEvidence, Verdict

AHEAD_S = 300
"""How far an issuer's clock may be ahead of ours when it dates a code; a start or an end it sets has no tolerance."""


@unique
class Standing(Enum):
    """What is known of one credential's revocation."""

    GOOD = "good"
    """A list that covers it does not name it, or its issuer publishes none that could."""
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """A list that should cover it is missing, broken, or too old."""


class ForeignAnswer(NamedTuple):
    """What the lists say, and by which of them."""

    standing: Standing
    uri: str | None = None
    issued_at: int | None = None


class ForeignStatus(Protocol):
    """Where a proved foreign code is looked up."""

    def standing(self, code: ForeignCode, key: ForeignKey, now: int) -> ForeignAnswer:
        """Return what is known at `now`, seconds since 1970, of a code that `key` signed."""


def prove(code: ForeignCode, trust: ForeignTrust, status: ForeignStatus | None, now: int) -> Verdict:
    """Prove a code that was read, at `now`: the first step that fails is the reason."""
    # 2 issuer known, 3 key known, 4 key allowed for this use
    keys, reason = trust.candidates(code, now)
    if reason is not None:
        return Verdict(reason, code.format, code.issuer, code.kid)

    # 5 signature
    made = [key for key in keys if key.verifies(code.scheme, code.message, code.signature)]
    if not made:
        return Verdict(Reason.BAD_SIGNATURE, code.format, code.issuer, code.kid)
    # A key may be listed twice, as in a list and the one that renews it: what is in force counts, in whatever order.
    key = made[0] if len(made) == 1 else next((one for one in made if _in_force(one, code, now)), made[0])

    # 6 key revoked: anybody may have signed this
    if key.revoked:
        return Verdict(Reason.KEY_REVOKED, code.format, code.issuer, code.kid)

    # From here on the claims are the issuer's.
    answer = None if status is None else status.standing(code, key, now)
    issuer = issuer_of(code, key)
    return Verdict(
        _reason(code, key, answer, now),
        code.format,
        issuer,
        code.kid,
        CodeIdentity(issuer, code.format + "/" + code.identity, 0),
        name=code.statement.person.masked,
        issued_at=_second(code.issued_at if code.issued_at is not None else code.not_before),
        expires_at=_second(code.expires_at),
        status=_evidence(answer),
        statement=code.statement,
        judged_at=now,
    )


def issuer_of(code: ForeignCode, key: ForeignKey) -> str:
    """Return whose code it is: what it says; of an EU certificate that names no country, its signer's country."""
    if code.format is not CodeFormat.HC1 or (code.issuer is not None and is_country(code.issuer)):
        return code.issuer or "?"
    country = None if key.certificate is None else key.certificate.country
    return country or key.issuer or code.issuer or "?"


def _reason(code: ForeignCode, key: ForeignKey, answer: ForeignAnswer | None, now: int) -> Reason | None:
    # 7 key expired
    if not _in_force(key, code, now):
        return Reason.KEY_EXPIRED
    # 8 not yet valid, expired
    if (code.issued_at or 0) > now + AHEAD_S or (code.not_before or 0) > now:
        return Reason.NOT_YET_VALID
    if code.expires_at is not None and (now > code.expires_at or (now == code.expires_at and not code.expiry_counts)):
        return Reason.EXPIRED
    # 10 status
    if answer is not None and answer.standing is Standing.REVOKED:
        return Reason.REVOKED
    if answer is not None and answer.standing is Standing.UNKNOWN:
        return Reason.STATUS_UNKNOWN
    return None


def _in_force(key: ForeignKey, code: ForeignCode, now: int) -> bool:
    """Whether `now` is within the time of a key's listing, and of its certificate.

    A health card's key counts by its issuer's list; the certificate in `x5c` only names the issuer. Issuers let it end
    and go on signing with the key (the framework's own example 1 does).
    """
    if not key.in_force(now):
        return False
    return key.certificate is None or code.format is CodeFormat.SHC or key.certificate.in_force(now)


def _second(moment: float | None) -> int | None:
    return None if moment is None else int(moment)


def _evidence(answer: ForeignAnswer | None) -> StatusEvidence | None:
    if answer is None or answer.uri is None or answer.issued_at is None:
        return None
    return StatusEvidence(answer.uri, answer.issued_at, int(answer.standing is Standing.REVOKED))
