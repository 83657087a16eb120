"""What the officer's keys mean at each moment: (console, key, lane) → (console, commands). Pure.

    PLATE ─Enter→ PEOPLE ─1–9→ [the engine has the vehicle] VEHICLE ─→ PLATE
      │ Esc                                                  │ J, K, B
      COMMANDS ─X→ ASIDE                                     DRIVER, RESIZE, TURN_AWAY

A vehicle is the engine's: the console follows what the view says stands before the lane, and holds only what is being
typed. A plate is forgotten as soon as the engine has it. A key that means nothing at a stage changes nothing and sends
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import Final

from scanner.control.messages import Command, LaneView
from scanner.control.people import BeginParty, MarkDriver, PartyView, PutAside, ResizeParty, TakeUp, TurnAway
from scanner.ui.highway.typing import PlateTyping

MOST_PEOPLE: Final = 60
"""As the control protocol has it."""


@unique
class Stage(StrEnum):
    """What the keys are for."""

    PLATE = "plate"
    """The next vehicle's plate is typed."""
    PEOPLE = "people"
    """The plate is there; how many people?"""
    COMMANDS = "commands"
    """No vehicle; letters are commands."""
    VEHICLE = "vehicle"
    """A vehicle is before the lane; nothing need be typed."""
    DRIVER = "driver"
    """Which seat drives?"""
    RESIZE = "resize"
    """How many people really?"""
    TURN_AWAY = "turn_away"
    """Really?"""
    ASIDE = "aside"
    """Which of the vehicles that stand aside?"""


_WITHOUT_VEHICLE: Final = frozenset({Stage.PLATE, Stage.PEOPLE, Stage.COMMANDS})
_NUMBERS: Final = frozenset({Stage.PEOPLE, Stage.DRIVER, Stage.RESIZE, Stage.ASIDE})


@dataclass(frozen=True, slots=True)
class Console:
    """What is being typed."""

    stage: Stage = Stage.PLATE
    plate: PlateTyping = PlateTyping()  # noqa: RUF009 - frozen
    digits: str | None = None
    """A number of more than one digit while it is typed; None: one key is the number."""
    party: int | None = None
    """Number of the vehicle that questions are about; None: none is before the lane."""
    sent: bool = False
    """A vehicle is on its way to the engine: further keys wait for the answer."""

    def next_vehicle(self) -> Console:
        """Return the console for the next vehicle's plate."""
        return Console(plate=PlateTyping(self.plate.home))


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a key came to."""

    console: Console
    commands: tuple[Command, ...] = ()
    """In this order; a later one only when the one before it was agreed to."""
    refusal: str | None = None
    """Key of what to say, without `screen.`."""


def follow(console: Console, lane: LaneView | None) -> Console:
    """Return the console as the lane now wants it: a vehicle before it, or none."""
    party = checking(lane) if lane is not None else None
    here = party is not None
    if party is not None and (console.stage in _WITHOUT_VEHICLE or console.party != party.party):
        # Also where another vehicle stands there by now: what was asked was asked of the one before.
        return Console(Stage.VEHICLE, PlateTyping(console.plate.home), party=party.party)
    if not here and console.stage not in _WITHOUT_VEHICLE | {Stage.ASIDE}:
        return console.next_vehicle()
    if console.stage is Stage.ASIDE and (lane is None or not lane.aside):
        return Console(Stage.VEHICLE if here else Stage.PLATE, PlateTyping(console.plate.home), party=console.party)
    return console


def checking(lane: LaneView) -> PartyView | None:
    """Return the vehicle that is being checked; None also when it may go: the next one's plate can be typed."""
    return lane.party if lane.party is not None and not lane.party.released else None


def answered(console: Console) -> Console:
    """Return the console once the engine has answered."""
    return replace(console, sent=False)


def press(console: Console, key: str, character: str | None, lane: LaneView | None) -> Pressed | None:
    """Return what a key comes to; None where this console has no use for it.

    Args:
        console: what has been typed.
        key: the key's name, such as `enter`.
        character: what it types, None for a key that types nothing.
        lane: the lane shown.

    """
    if lane is None:
        return None
    typed = character if character is not None and character.isprintable() and len(character) == 1 else ""
    match console.stage:
        case Stage.PLATE:
            return _plate(console, key, typed, lane)
        case Stage.COMMANDS:
            return _commands(console, key, typed, lane)
        case Stage.VEHICLE:
            return _vehicle(console, typed, lane)
        case Stage.TURN_AWAY:
            return _turn_away(console, key, lane)
        case Stage.PEOPLE | Stage.DRIVER | Stage.RESIZE | Stage.ASIDE:
            return _number(console, key, typed, lane)


def _plate(console: Console, key: str, typed: str, lane: LaneView) -> Pressed | None:
    if key == "enter":
        if console.plate.possible:
            return Pressed(Console(Stage.PEOPLE, replace(console.plate, picking=False)))
        return Pressed(console, refusal="vehicle_no_plate") if console.plate.begun else Pressed(console)
    if key == "escape":
        return Pressed(console.next_vehicle() if console.plate.begun else replace(console, stage=Stage.COMMANDS))
    if key in {"backspace", "delete"}:
        return Pressed(replace(console, plate=console.plate.erased()))
    if not typed:
        return None
    place = _digit(typed)
    if not console.plate.begun and 1 <= place <= len(lane.aside):
        # No plate begins with one digit alone as long as vehicles wait: the list beside the field has these numbers.
        return _take_up(console, place, lane)
    return Pressed(replace(console, plate=console.plate.typed(typed)))


def _commands(console: Console, key: str, typed: str, lane: LaneView) -> Pressed | None:
    if key in {"escape", "enter"}:
        return Pressed(console.next_vehicle())
    if typed in {"x", "X"}:
        return _list(console, lane)
    return None


def _vehicle(console: Console, typed: str, lane: LaneView) -> Pressed | None:
    match typed.lower():
        case "j":
            party = checking(lane)
            seated = party is not None and party.seats
            return (
                Pressed(replace(console, stage=Stage.DRIVER))
                if seated
                else Pressed(console, refusal="vehicle_nobody_yet")
            )
        case "k":
            return Pressed(replace(console, stage=Stage.RESIZE))
        case "b":
            return Pressed(replace(console, stage=Stage.TURN_AWAY))
        case "z":
            return Pressed(console, (PutAside(id=0, lane=lane.name),))
        case "x":
            return _list(console, lane)
        case _:
            return None


def _list(console: Console, lane: LaneView) -> Pressed:
    if not lane.aside:
        return Pressed(console, refusal="vehicle_none_aside")
    return Pressed(replace(console, stage=Stage.ASIDE))


def _turn_away(console: Console, key: str, lane: LaneView) -> Pressed:
    if key == "enter":
        return Pressed(replace(console, stage=Stage.VEHICLE), (TurnAway(id=0, lane=lane.name),))
    return Pressed(replace(console, stage=Stage.VEHICLE)) if key == "escape" else Pressed(console)


def _number(console: Console, key: str, typed: str, lane: LaneView) -> Pressed | None:
    """Take one digit for the number, or, after a zero or among more than nine, as many as come before Enter."""
    if key == "escape":
        return Pressed(_back(console, lane))
    if key in {"backspace", "delete"}:
        if console.stage is Stage.PEOPLE and not console.digits:
            return Pressed(Console(Stage.PLATE, console.plate))
        return Pressed(replace(console, digits=(console.digits or "")[:-1] or None))
    if key == "enter":
        return _numbered(console, int(console.digits), lane) if console.digits else Pressed(console)
    digit = _digit(typed)
    if digit < 0:
        return Pressed(console) if typed else None
    if console.digits is None and _one_key(console.stage, lane) and digit > 0:
        return _numbered(console, digit, lane)
    return Pressed(replace(console, digits=((console.digits or "") + f"{digit}").lstrip("0")[:2]))


def _digit(typed: str) -> int:
    """Return the digit typed, with an input method or without; -1 for any other key."""
    return int(typed) if typed.isdecimal() else -1


def _one_key(stage: Stage, lane: LaneView) -> bool:
    """Whether one digit says it all."""
    match stage:
        case Stage.DRIVER:
            return lane.party is None or len(lane.party.seats) <= 9
        case Stage.ASIDE:
            return len(lane.aside) <= 9
        case _:
            return True


def _numbered(console: Console, number: int, lane: LaneView) -> Pressed:
    match console.stage:
        case Stage.PEOPLE if not 1 <= number <= MOST_PEOPLE:
            return Pressed(replace(console, digits=None), refusal="vehicle_how_many")
        case Stage.PEOPLE if console.sent:
            return Pressed(console)
        case Stage.PEOPLE:
            begin = BeginParty(id=0, lane=lane.name, plate=console.plate.text, people=number)
            return Pressed(replace(console, digits=None, sent=True), (begin,))
        case Stage.ASIDE:
            return _take_up(console, number, lane)
        case Stage.RESIZE:
            if not 1 <= number <= MOST_PEOPLE:
                return Pressed(replace(console, digits=None), refusal="vehicle_how_many")
            return Pressed(_back(console, lane), (ResizeParty(id=0, lane=lane.name, people=number),))
        case _:
            seats = lane.party.seats if lane.party is not None else ()
            if not any(seat.seat == number for seat in seats):
                return Pressed(replace(console, digits=None), refusal="vehicle_no_seat")
            return Pressed(_back(console, lane), (MarkDriver(id=0, lane=lane.name, seat=number),))


def _take_up(console: Console, place: int, lane: LaneView) -> Pressed:
    """Take up the vehicle at a place of the list; the one before the lane goes aside first."""
    if not 1 <= place <= len(lane.aside):
        return Pressed(replace(console, digits=None), refusal="vehicle_no_seat")
    commands: list[Command] = []
    if checking(lane) is not None:
        commands.append(PutAside(id=0, lane=lane.name))
    commands.append(TakeUp(id=0, lane=lane.name, party=lane.aside[place - 1].party))
    return Pressed(_back(console, lane), tuple(commands))


def _back(console: Console, lane: LaneView) -> Console:
    home = PlateTyping(console.plate.home)
    return Console(Stage.VEHICLE if checking(lane) is not None else Stage.PLATE, home, party=console.party)


def numbers(stage: Stage) -> bool:
    """Whether a number is asked for."""
    return stage in _NUMBERS
