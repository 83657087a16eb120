"""Three places, each with its script: a gate, a highway with vehicles, a subway's kiosk that nobody attends.

What is expected is written down here by hand, from the default policy, as in `demo.people`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from demo.artwork import Tint
from demo.people import SCRIPT, Ending, Expected, Person, Specimen, Vehicle
from keys.reasons import Reason
from scanner.values import Outcome, SiteKind


@unique
class Place(StrEnum):
    """Where the demo plays."""

    GATE = "gate"
    """A residential compound, attended."""
    HIGHWAY = "highway"
    """Vehicles, attended."""
    KIOSK = "kiosk"
    """A subway's entrance; nobody attends."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One place with its people."""

    place: Place
    site: SiteKind
    attended: bool
    people: tuple[Person, ...]


_PASS = (Expected(Outcome.PASS),)


def _stopped(*reasons: Reason) -> tuple[Expected, ...]:
    return (Expected(Outcome.STOP, reasons),)


def _referred(*reasons: Reason) -> tuple[Expected, ...]:
    return (Expected(Outcome.REFER, reasons),)


def _live(key: str, name: str, story: str, *, begins: Vehicle | None = None, ends: Ending | None = None) -> Person:
    return Person(key, (name,), story, (Specimen.LIVE,), _PASS, begins=begins, ends=ends)


HIGHWAY: tuple[Person, ...] = (
    _live("driver", "王建国", "the driver of a car with four people", begins=Vehicle("浙A12345", 4)),
    _live("seat-2", "李秀英", "beside the driver"),
    _live("seat-3", "何欣", "in the back"),
    _live("seat-4", "邓超群", "the last of the four: the barrier opens", ends=Ending.RELEASED),
    _live("van-driver", "张伟", "the driver of a new-energy van with two people", begins=Vehicle("浙AD67890", 2)),
    Person(
        "van-red",
        ("刘洋",),
        "a red code beside the driver: the van waits aside",
        (Specimen.RED,),
        _stopped(Reason.COLOUR_RED, Reason.STATIC_COPY),
        ends=Ending.SET_ASIDE,
    ),
    _live("alone", "唐勇", "alone in a car from Beijing", begins=Vehicle("京B99999", 1), ends=Ending.RELEASED),
    Person(
        "screenshot",
        ("高远",),
        "a screenshot, in a car whose driver goes back; then the van is taken up and turned away",
        (Specimen.SCREENSHOT,),
        _stopped(Reason.PRESENTATION_REQUIRED),
        begins=Vehicle("沪C11111", 1),
        ends=Ending.TURNED_AWAY,
    ),
)

KIOSK: tuple[Person, ...] = (
    _live("first", "王建国", "a phone that shows its code live"),
    _live("second", "李秀英", "the next one"),
    Person(
        "yellow",
        ("张伟",),
        "a yellow code: not into the subway",
        (Specimen.YELLOW,),
        _stopped(Reason.STATIC_COPY, Reason.COLOUR_YELLOW),
        tint=Tint.YELLOW,
    ),
    Person(
        "screenshot",
        ("高远",),
        "a friend's screenshot of a code that must be shown live",
        (Specimen.SCREENSHOT,),
        _stopped(Reason.PRESENTATION_REQUIRED),
    ),
    _live("last", "何欣", "nobody needs to clear anything for the next one"),
)

SCENARIOS = {
    Place.GATE: Scenario(Place.GATE, SiteKind.RESIDENTIAL, attended=True, people=SCRIPT),
    Place.HIGHWAY: Scenario(Place.HIGHWAY, SiteKind.HIGHWAY, attended=True, people=HIGHWAY),
    Place.KIOSK: Scenario(Place.KIOSK, SiteKind.SUBWAY, attended=False, people=KIOSK),
}
