"""Values that cross the scanner's inner boundaries: frozen, closed, without behaviour of their own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique

from keys.reasons import Reason


@unique
class SiteKind(StrEnum):
    """The columns of the policy table."""

    RESIDENTIAL = "residential"
    WORKPLACE = "workplace"
    HIGHWAY = "highway"
    SUBWAY = "subway"
    PUBLIC_VENUE = "public_venue"


@unique
class Outcome(IntEnum):
    """What becomes of a person, numbered as in the journal."""

    PASS = 0
    REFER = 1
    STOP = 2


@unique
class GuardStep(StrEnum):
    """What staff must do next; the words are in the locale."""

    NOTHING = "nothing"
    GIVE_NOTICE = "give_notice"
    """Pass, and tell the person that the code is yellow."""
    COMPARE_DOCUMENT = "compare_document"
    ACTIVATE = "activate"
    """Compare the document, take the temperature, activate the grey code."""
    CONTACT_THERMOMETER = "contact_thermometer"
    HOLD_AND_REPORT = "hold_and_report"
    """Keep the person apart and call 120 or the community."""
    ASK_TO_SHOW_LIVE = "ask_to_show_live"
    DECIDE = "decide"
    """The appliance cannot prove enough: look, ask, then admit or refuse."""
    STAFFED_LANE = "staffed_lane"
    REFUSE = "refuse"


@unique
class Role(StrEnum):
    """What a member of staff may do."""

    GUARD = "guard"
    SUPERVISOR = "supervisor"


@unique
class Direction(StrEnum):
    """Which way a lane leads."""

    ENTRY = "entry"
    EXIT = "exit"


@unique
class Company(StrEnum):
    """Who comes with a person."""

    NONE_EXPECTED = "none_expected"
    """People pass one by one here."""
    UNKNOWN = "unknown"
    """They come in vehicles, and nobody has written down whose occupant this is."""
    PARTY = "party"
    """One of a vehicle that is being checked."""


@unique
class TemperatureRule(StrEnum):
    """Whether a passage needs a temperature."""

    REQUIRED = "required"
    RECORDED = "recorded"
    """Taken where possible; a missing one does not hold anybody up."""
    OFF = "off"


@unique
class SpokenTo(StrEnum):
    """Who hears spoken prompts besides the tones."""

    EVERYBODY = "everybody"
    UNATTENDED = "unattended"
    """People at lanes without staff."""
    NOBODY = "nobody"


@unique
class ClockTrust(IntEnum):
    """Whether there has been evidence of the time since boot, numbered as in the journal."""

    TRUSTED = 0
    UNTRUSTED = 1


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the verified state is, judged from signed times. Ages are seconds; None: there is none at all."""

    keys_age: int | None
    lists_age: int | None
    policy_age: int | None
    clock: ClockTrust
    policy_known: bool = True
    """False: the home issuer has published a policy, and it is not to be had here. Nobody can say how strict it is."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """What this appliance remembers of a code since its last start: tags in memory only."""

    presentation_used: bool = False
    """This very presentation has opened the gate."""
    passed_recently: bool = False
    """The gate opened for this code within the anti-passback time."""
    activated: bool = False
    """Staff of this appliance have compared the document and activated this grey code today."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy made of a person."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    """In order of weight; empty for a plain pass."""
    guard: GuardStep
    policy_version: str
