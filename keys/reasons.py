"""Why a code, a person or an entry was not simply passed: the closed set of stable reason codes.

The codes are an interface: they stand in the journal, in `verify --json` and in people's appeals. A code is
never renamed or reused. `docs/reasons.md` is generated from this enum.
"""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class ReasonKind(StrEnum):
    """Who found the reason."""

    PROOF = "proof"
    """The verifier: the code itself does not hold."""
    POLICY = "policy"
    """The site's rules: the code holds, the person does not simply pass."""
    GUARD = "guard"
    """A person on shift."""


@unique
class Reason(StrEnum):
    """One stable reason code; `kind` tells who found it, `summary` says it in one English sentence."""

    kind: ReasonKind
    summary: str

    def __new__(cls, code: str, kind: ReasonKind, summary: str) -> Reason:
        """Make a member whose value is its code alone."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.kind = kind
        member.summary = summary
        return member

    NOT_A_CODE = "NOT_A_CODE", ReasonKind.PROOF, "The text is no health code of any kind."
    MALFORMED = "MALFORMED", ReasonKind.PROOF, "It begins like a health code but breaks the format's rules."
    UNSUPPORTED_FORMAT = (
        "UNSUPPORTED_FORMAT",
        ReasonKind.PROOF,
        "A known kind of code that this appliance does not read.",
    )
    CODE_INCOMPLETE = (
        "CODE_INCOMPLETE",
        ReasonKind.PROOF,
        "One of several codes that make up a card; the others have not been shown yet.",
    )
    UNKNOWN_ISSUER = "UNKNOWN_ISSUER", ReasonKind.PROOF, "No trusted issuer goes by this name here."
    UNKNOWN_KEY = "UNKNOWN_KEY", ReasonKind.PROOF, "The issuer is known, the key that signed is not."
    KEY_REVOKED = "KEY_REVOKED", ReasonKind.PROOF, "The signing key was revoked; every code it signed is refused."
    KEY_EXPIRED = "KEY_EXPIRED", ReasonKind.PROOF, "The signing key is outside its period of validity."
    KEY_NOT_ALLOWED = "KEY_NOT_ALLOWED", ReasonKind.PROOF, "The key may not sign this kind of code, or for this region."
    BAD_SIGNATURE = "BAD_SIGNATURE", ReasonKind.PROOF, "The signature does not fit: forged or altered."
    NOT_YET_VALID = "NOT_YET_VALID", ReasonKind.PROOF, "The code's period of validity has not begun."
    EXPIRED = "EXPIRED", ReasonKind.PROOF, "The code's period of validity is over."
    REVOKED = "REVOKED", ReasonKind.PROOF, "The authority has revoked this code."
    STATUS_UNKNOWN = "STATUS_UNKNOWN", ReasonKind.PROOF, "No verified status list says what became of this code."
    PRESENTATION_EXPIRED = (
        "PRESENTATION_EXPIRED",
        ReasonKind.PROOF,
        "The code was shown too long ago; the phone must make it anew.",
    )
    PRESENTATION_REQUIRED = (
        "PRESENTATION_REQUIRED",
        ReasonKind.PROOF,
        "A copy of a code that only counts when its phone shows it live.",
    )
    REPLAYED = "REPLAYED", ReasonKind.PROOF, "This very presentation has already opened the gate."

    COLOUR_YELLOW = "COLOUR_YELLOW", ReasonKind.POLICY, "The code is yellow."
    COLOUR_ORANGE = "COLOUR_ORANGE", ReasonKind.POLICY, "The code is orange."
    COLOUR_RED = "COLOUR_RED", ReasonKind.POLICY, "The code is red."
    NOT_ACTIVATED = "NOT_ACTIVATED", ReasonKind.POLICY, "The code is grey: applied for and not yet activated."
    OUT_OF_REGION = "OUT_OF_REGION", ReasonKind.POLICY, "The code is valid in another region only."
    NOT_ACCEPTED_HERE = (
        "NOT_ACCEPTED_HERE",
        ReasonKind.POLICY,
        "This site does not accept this format, this issuer, or what it says.",
    )
    RULE_NOT_MET = (
        "RULE_NOT_MET",
        ReasonKind.POLICY,
        "The credential is genuine, but does not meet a rule that this site accepts such credentials by.",
    )
    IDENTITY_MISMATCH = (
        "IDENTITY_MISMATCH",
        ReasonKind.POLICY,
        "Credentials shown together are of different people: another name, or another date of birth.",
    )
    DATA_STALE = "DATA_STALE", ReasonKind.POLICY, "The cached keys, lists or policy are too old to decide by."
    CLOCK_UNTRUSTED = "CLOCK_UNTRUSTED", ReasonKind.POLICY, "The appliance has no evidence of the right time."
    TEMPERATURE_HIGH = (
        "TEMPERATURE_HIGH",
        ReasonKind.POLICY,
        "The measured temperature is at or above the site's limit.",
    )
    TEMPERATURE_UNMEASURABLE = (
        "TEMPERATURE_UNMEASURABLE",
        ReasonKind.POLICY,
        "No trustworthy temperature could be taken.",
    )
    THERMOMETER_ABSENT = "THERMOMETER_ABSENT", ReasonKind.POLICY, "The thermometer is missing or silent."
    ALREADY_PASSED = "ALREADY_PASSED", ReasonKind.POLICY, "This code opened this gate a moment ago."
    STATIC_COPY = (
        "STATIC_COPY",
        ReasonKind.POLICY,
        "A copyable code where the site asks for a presentation or the document.",
    )
    PARTY_INCOMPLETE = "PARTY_INCOMPLETE", ReasonKind.POLICY, "Someone in the vehicle has not been checked yet."
    LOG_UNAVAILABLE = (
        "LOG_UNAVAILABLE",
        ReasonKind.POLICY,
        "The passage could not be written to the log, so the gate stays closed.",
    )

    OVERRIDE_ADMIT = "OVERRIDE_ADMIT", ReasonKind.GUARD, "Staff admitted the person against the appliance's decision."
    OVERRIDE_REFUSE = "OVERRIDE_REFUSE", ReasonKind.GUARD, "Staff refused the person."
    MANUAL_ENTRY = "MANUAL_ENTRY", ReasonKind.GUARD, "Staff entered a person without a readable code."
