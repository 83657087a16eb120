"""The script: who comes to the gate, in which order, and what must become of each. A residential site, attended.

What is expected is written down here by hand, from the default policy, and never computed by the parts under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto, unique

from demo.artwork import Kind, Tint
from keys.reasons import Reason
from scanner.values import Outcome

NORMAL_CENTI = 3650


@unique
class Specimen(StrEnum):
    """Kinds of code text; `demo.issuing` makes them."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    GREY = "grey"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    FORGED = "forged"
    """Signed by somebody else's key under the authority's key id."""
    ALTERED = "altered"
    """A yellow code made green by one bit."""
    UNKNOWN_ISSUER = "unknown_issuer"
    REVOKED_KEY = "revoked_key"
    REVOKED = "revoked"
    PAPER = "paper"
    CARD = "card"
    LIVE = "live"
    """A presentation made this moment."""
    STALE = "stale"
    """A presentation made ninety seconds ago."""
    REPLAYED = "replayed"
    """The very presentation that was shown live before."""
    SCREENSHOT = "screenshot"
    """A picture of a code that only counts when shown live."""
    FRENCH = "french"
    """An EU certificate by a test issuer of our own, as those that follow."""
    FRENCH_REVOKED = "french_revoked"
    """Revoked since by a list of the home region's."""
    JAPANESE = "japanese"
    NEW_ZEALAND = "new_zealand"
    CALIFORNIAN = "californian"
    SHOP = "shop"
    """A QR code that is no health code."""


ABROAD = frozenset(
    {Specimen.FRENCH, Specimen.FRENCH_REVOKED, Specimen.JAPANESE, Specimen.NEW_ZEALAND, Specimen.CALIFORNIAN}
)
"""Other issuers' credentials."""


@unique
class Act(Enum):
    """How a person's turn goes."""

    ORDINARY = auto()
    """Steps up, is measured, shows a code."""
    FEVER = auto()
    """Measured high, waits, is measured again."""
    COLD = auto()
    """Comes in from the cold: no temperature can be taken."""
    UNPLUGGED = auto()
    """Somebody trips over the thermometer's cable while a measurement is awaited."""
    PLUGGED_IN = auto()
    """The cable is put back first."""
    FAMILY = auto()
    """One phone, two codes; the second person steps up when the first has passed."""
    POSTER = auto()
    """An advertisement is carried past and left hanging there."""
    OVERRIDDEN = auto()
    """Referred; the guard compares the document and admits the person with PIN and reason."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must become of one code."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle that comes to the gate."""

    plate: str
    people: int


@unique
class Ending(Enum):
    """What becomes of a vehicle after one of its people."""

    RELEASED = auto()
    """The barrier opens for all of them."""
    SET_ASIDE = auto()
    TURNED_AWAY = auto()
    """It goes back; then the one that stands aside is taken up and goes back too."""


@dataclass(frozen=True, slots=True)
class Person:
    """One turn at the gate."""

    key: str
    """Unique in the script."""
    names: tuple[str, ...]
    """One, or two with two codes on one phone. Invented."""
    story: str
    specimens: tuple[Specimen, ...]
    expected: tuple[Expected, ...]
    """One a decision, in order; empty: nobody may be decided about."""
    kind: Kind = Kind.PHONE
    tint: Tint = Tint.GREEN
    """What the screen claims."""
    act: Act = Act.ORDINARY
    object_centi: int = NORMAL_CENTI
    same_code_as: str | None = None
    """Key of an earlier person whose code is shown again."""
    begins: Vehicle | None = None
    """The vehicle that this person is the first of."""
    ends: Ending | None = None
    """What becomes of the vehicle after this person."""

    @property
    def from_abroad(self) -> bool:
        """Whether another issuer's credential is shown."""
        return self.specimens[0] in ABROAD

    @property
    def temperature_first(self) -> bool:
        """Whether the temperature is known when the code comes into view: these turns make the latency figure."""
        return self.act in {Act.ORDINARY, Act.PLUGGED_IN, Act.OVERRIDDEN}


def _passes(*reasons: Reason) -> tuple[Expected, ...]:
    return (Expected(Outcome.PASS, reasons),)


def _referred(*reasons: Reason) -> tuple[Expected, ...]:
    return (Expected(Outcome.REFER, reasons),)


def _stopped(*reasons: Reason) -> tuple[Expected, ...]:
    return (Expected(Outcome.STOP, reasons),)


SCRIPT: tuple[Person, ...] = (
    Person("green", ("王建国",), "a resident with a green code", (Specimen.GREEN,), _passes()),
    Person(
        "yellow",
        ("李秀英",),
        "a yellow code: passes at a home, with a notice",
        (Specimen.YELLOW,),
        _passes(Reason.COLOUR_YELLOW),
        tint=Tint.YELLOW,
    ),
    Person(
        "orange",
        ("张伟",),
        "an orange code: a contact",
        (Specimen.ORANGE,),
        _stopped(Reason.COLOUR_ORANGE),
        tint=Tint.ORANGE,
    ),
    Person(
        "red",
        ("刘洋",),
        "a red code behind a screen painted green",
        (Specimen.RED,),
        _stopped(Reason.COLOUR_RED),
    ),
    Person(
        "grey",
        ("陈静",),
        "a grey code, applied for and not activated",
        (Specimen.GREY,),
        _referred(Reason.NOT_ACTIVATED),
        tint=Tint.GREY,
    ),
    Person(
        "expired",
        ("杨帆",),
        "yesterday's code; the guard compares the document and admits the person",
        (Specimen.EXPIRED,),
        _referred(Reason.EXPIRED),
        act=Act.OVERRIDDEN,
    ),
    Person(
        "not-yet-valid",
        ("赵敏",),
        "a code that begins in an hour",
        (Specimen.NOT_YET_VALID,),
        _referred(Reason.NOT_YET_VALID),
    ),
    Person(
        "forged",
        ("黄磊",),
        "a forged code: the right key's name, the wrong key",
        (Specimen.FORGED,),
        _stopped(Reason.BAD_SIGNATURE),
    ),
    Person(
        "altered",
        ("周涛",),
        "a yellow code turned green by one bit",
        (Specimen.ALTERED,),
        _stopped(Reason.BAD_SIGNATURE),
    ),
    Person(
        "unknown-issuer",
        ("吴迪",),
        "a true code of a region nobody here knows",
        (Specimen.UNKNOWN_ISSUER,),
        _referred(Reason.UNKNOWN_ISSUER),
    ),
    Person(
        "revoked-key",
        ("徐丽",),
        "a code signed by a key that was stolen since",
        (Specimen.REVOKED_KEY,),
        _stopped(Reason.KEY_REVOKED),
    ),
    Person("revoked", ("孙强",), "a revoked code", (Specimen.REVOKED,), _stopped(Reason.REVOKED)),
    Person(
        "paper",
        ("马桂兰",),
        "an old lady with a paper code",
        (Specimen.PAPER,),
        _passes(),
        kind=Kind.PAPER,
    ),
    Person("card", ("朱德福",), "an old man with a card", (Specimen.CARD,), _passes(), kind=Kind.CARD),
    Person("french", ("Claire Martin",), "a guest from France with an EU certificate", (Specimen.FRENCH,), _passes()),
    Person("japanese", ("Hana Suzuki",), "a guest from Japan with an ICAO seal", (Specimen.JAPANESE,), _passes()),
    Person(
        "new-zealand",
        ("Aroha Walker",),
        "a guest from New Zealand with a COVID Pass",
        (Specimen.NEW_ZEALAND,),
        _passes(),
    ),
    Person(
        "californian",
        ("Maria Rivera",),
        "a guest from California with a SMART Health Card",
        (Specimen.CALIFORNIAN,),
        _passes(),
    ),
    Person(
        "french-revoked",
        ("Luc Moreau",),
        "a guest from France whose certificate has been revoked since",
        (Specimen.FRENCH_REVOKED,),
        _stopped(Reason.REVOKED),
    ),
    Person(
        "fever",
        ("胡军",),
        "a green code, and 37.8 °C twice",
        (Specimen.GREEN,),
        _referred(Reason.TEMPERATURE_HIGH),
        act=Act.FEVER,
        object_centi=3780,
    ),
    Person(
        "cold",
        ("郭靖",),
        "a green code, and a face from the frost",
        (Specimen.GREEN,),
        _referred(Reason.TEMPERATURE_UNMEASURABLE),
        act=Act.COLD,
        object_centi=3360,
    ),
    Person("live", ("何欣",), "a phone that shows its code live", (Specimen.LIVE,), _passes()),
    Person(
        "screenshot",
        ("高远",),
        "a friend's screenshot of a code that must be shown live",
        (Specimen.SCREENSHOT,),
        _stopped(Reason.PRESENTATION_REQUIRED),
    ),
    Person(
        "stale",
        ("林娜",),
        "a live code shown a minute and a half too late",
        (Specimen.STALE,),
        _stopped(Reason.PRESENTATION_EXPIRED),
    ),
    Person(
        "replayed",
        ("罗刚",),
        "a film of the live code that passed before",
        (Specimen.REPLAYED,),
        _referred(Reason.REPLAYED, Reason.ALREADY_PASSED),
        same_code_as="live",
    ),
    Person(
        "poster",
        ("老王超市",),
        "a shop's poster: a QR code that is no health code",
        (Specimen.SHOP,),
        (),
        kind=Kind.POSTER,
        act=Act.POSTER,
    ),
    Person(
        "beside-the-poster",
        ("梁宇",),
        "a green code, with the poster still hanging there",
        (Specimen.GREEN,),
        _passes(),
    ),
    Person(
        "unplugged",
        ("宋佳",),
        "a green code, and the thermometer's cable pulled out",
        (Specimen.GREEN,),
        _referred(Reason.THERMOMETER_ABSENT),
        act=Act.UNPLUGGED,
    ),
    Person(
        "plugged-in",
        ("唐勇",),
        "a green code, and the thermometer plugged in again",
        (Specimen.GREEN,),
        _passes(),
        act=Act.PLUGGED_IN,
    ),
    Person(
        "family",
        ("冯玉梅", "冯爱国"),
        "a couple with both codes on one phone",
        (Specimen.GREEN, Specimen.GREEN),
        _passes() + _passes(),
        act=Act.FAMILY,
    ),
    Person(
        "again",
        ("邓超群",),
        "somebody else with the first resident's code",
        (Specimen.GREEN,),
        _referred(Reason.ALREADY_PASSED),
        same_code_as="green",
    ),
)
