"""The highway screen's upper part: the plate while it is typed, what the vehicle waits for, and its one result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto, unique

from rich.cells import cell_len

from keys.reasons import Reason
from scanner.control.messages import ResultView
from scanner.control.people import PartyView, SeatView
from scanner.ui import words
from scanner.ui.highway import vehicle
from scanner.ui.highway.console import Console, Stage
from scanner.ui.highway.vehicle import NOTHING_FOUND, Finding, Findings
from scanner.ui.painted import Line, PaintedLines, Span, fit, pad, wrap
from scanner.ui.panel import Column, ResultPanel, banner, side_by_side
from scanner.ui.scene import Scene
from scanner.ui.themes import Role
from scanner.values import GuardStep, Outcome

_FIELD_COLUMNS = 22
"""Nine characters set apart, some of them wide."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the highway screen knows beside the scene."""

    console: Console = Console()  # noqa: RUF009 - frozen
    took_s: int = 0
    """How long the vehicle that may go took."""
    findings: Findings = field(default_factory=lambda: NOTHING_FOUND)


@unique
class Situation(Enum):
    """What the panel is about."""

    PERSON = auto()
    """One person, or no engine: as on the guard's screen."""
    TYPING = auto()
    ASIDE = auto()
    """The list of vehicles that stand aside."""
    CHECKING = auto()
    """Somebody of the vehicle is still missing."""
    DECIDED = auto()
    """Everybody has been checked: somebody fails, or the vehicle may go."""


def situation(scene: Scene, moment: Moment) -> Situation:
    """Return what the panel is about."""
    lane, stage = scene.lane, moment.console.stage
    if scene.outage is not None or lane is None:
        return Situation.PERSON
    if stage is Stage.ASIDE:
        return Situation.ASIDE
    if lane.waiting:
        return Situation.PERSON
    refused = lane.result is not None and is_refused(lane.result)
    if stage is Stage.PEOPLE or moment.console.plate.begun:
        return Situation.TYPING
    if lane.party is not None:
        if vehicle.outcome(lane.party) is not None:
            return Situation.DECIDED
        return Situation.PERSON if refused or lane.state == "out_of_service" else Situation.CHECKING
    waits = lane.state == "waiting" or (lane.result is not None and not refused)
    return Situation.TYPING if stage is Stage.PLATE and waits else Situation.PERSON


def is_refused(result: ResultView) -> bool:
    """Whether somebody was not let through, and for more than that no vehicle has been begun yet."""
    if words.effective_outcome(result) is Outcome.PASS:
        return False
    return result.outcome is Outcome.STOP or result.reasons[:1] != (Reason.PARTY_INCOMPLETE,)


def sign(scene: Scene, moment: Moment) -> words.Sign:
    """Return shape, word and colour of the panel."""
    party = scene.lane.party if scene.lane is not None else None
    match situation(scene, moment):
        case Situation.DECIDED if party is not None:
            return words.outcome_sign(vehicle.outcome(party) or Outcome.PASS)
        case Situation.CHECKING:
            return words.waiting_sign(scene)
        case _:
            return words.sign(scene)


class VehiclePanel(PaintedLines):
    """Whole-screen words about one vehicle."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = Moment()
        self._person = ResultPanel()

    def ground_of(self, scene: Scene) -> Role:
        """Return the colour of the result; while something is typed or looked up, that of waiting."""
        about = situation(scene, self.moment)
        return Role.IDLE if about in {Situation.TYPING, Situation.ASIDE} else sign(scene, self.moment).role

    def lines(self, scene: Scene, width: int, height: int) -> Sequence[Line]:
        """Return the panel's lines."""
        match situation(scene, self.moment):
            case Situation.PERSON:
                return self._person.lines(scene, width, height)
            case Situation.TYPING:
                return _typing(scene, self.moment.console, width, height)
            case Situation.ASIDE:
                return _plain(aside(scene, width - 2), width, Role.IDLE)
            case _:
                return self._sign(scene, width, height)

    def _sign(self, scene: Scene, width: int, height: int) -> list[Line]:
        shown = sign(scene, self.moment)
        big = banner(scene, shown, width, height)
        out: list[Line] = [(Span(pad(f"{left}{text}", width), shown.role, bold=True),) for left, text in big]
        details = self._details(scene, width - 2, height - len(big))
        return out + _plain(details, width, shown.role)

    def _details(self, scene: Scene, width: int, height: int) -> list[tuple[str, bool]]:
        party = scene.lane.party if scene.lane is not None else None
        if height <= 0:
            return []
        if party is None:
            return []
        if party.released:
            took = scene.say("vehicle_took", n=party.people, time=minutes(self.moment.took_s))
            return [
                (_centred(f"{scene.terminal.shown(party.plate)}   {took}", width), True),
                (_centred(scene.say("vehicle_type_plate"), width), False),
            ][:height]
        if vehicle.outcome(party) is None:
            return self._wanted(scene, party, width)[:height]
        return [(line, False) for line in self._why(scene, party, width, height)]

    @staticmethod
    def _wanted(scene: Scene, party: PartyView, width: int) -> list[tuple[str, bool]]:
        missing = vehicle.missing(party)
        lines = [(scene.say("vehicle_missing", n=missing), True)] if missing else []
        failing = vehicle.failing(party)
        if failing:
            lines.append((scene.say("vehicle_failing", n=len(failing)), True))
        lines += [(line, False) for line in wrap(words.hint(scene), width)]
        return [(_centred(text, width), bold) for text, bold in lines]

    def _why(self, scene: Scene, party: PartyView, width: int, height: int) -> list[str]:
        """Return the seats that fail with their reasons, and the steps for all of them."""
        failing = vehicle.failing(party)
        found = [self.moment.findings.get(seat.seq or 0) for seat in failing]
        seats = [seat_line(scene, seat, finding) for seat, finding in zip(failing, found, strict=True)]
        steps = dict.fromkeys(step for finding in found if finding is not None for step in _steps(scene, finding))
        why = Column(scene.say("vehicle_seats_failing"), seats)
        return side_by_side(scene, why, Column(scene.say("steps"), [*steps], numbered=True), width, height)


def seat_line(scene: Scene, seat: SeatView, finding: Finding | None) -> str:
    """Return one seat with its outcome and why, in one sentence."""
    shape = words.outcome_sign(seat.outcome).shape
    mark = shape.text if scene.terminal.wide else shape.ascii
    word = scene.texts.get(f"outcome.{seat.outcome.name.lower()}")
    why = " ".join(scene.texts.get(f"reason.{code}") for code in finding.reasons) if finding else ""
    facts = seat_facts(scene, seat)
    return "  ".join(part for part in (f"{scene.say('vehicle_seat', n=seat.seat)} {mark} {word}", facts, why) if part)


def seat_facts(scene: Scene, seat: SeatView) -> str:
    """Return colour and temperature of an occupant, or that staff registered the person."""
    parts = [scene.say("vehicle_by_hand")] if seat.by_hand else []
    if seat.colour is not None:
        parts.append(words.colour_word(scene, seat.colour))
    if seat.temperature_centi is not None:
        parts.append(words.degrees(seat.temperature_centi))
    return " ".join(parts)


def minutes(seconds: float) -> str:
    """Return a length of time as minutes and seconds."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def aside(scene: Scene, width: int) -> list[tuple[str, bool]]:
    """Return the vehicles that stand aside, numbered, each with its waiting time and what it lacks."""
    lane, now = scene.lane, scene.now
    if lane is None or now is None or not lane.aside:
        return []
    rows = [(scene.say("vehicle_aside_title"), True)]
    for place, party in enumerate(lane.aside, 1):
        lacks = []
        if missing := vehicle.missing(party):
            lacks.append(scene.say("vehicle_missing", n=missing))
        if failing := vehicle.failing(party):
            lacks.append(scene.say("vehicle_failing", n=len(failing)))
        waits = words.duration(scene, now - (party.set_aside_at or now))
        plate = scene.terminal.shown(party.plate)
        rows.append((fit(f"{place:>2}  {plate}  {waits}  {'  '.join(lacks)}", width), False))
    return rows


def _steps(scene: Scene, finding: Finding) -> list[str]:
    if finding.guard is None or finding.guard is GuardStep.NOTHING:
        return []
    return [step.strip() for step in scene.texts.get(f"guard.{finding.guard}").split("\n") if step.strip()]


def _plain(lines: Sequence[tuple[str, bool]], width: int, role: Role) -> list[Line]:
    return [(Span(pad(f" {text}", width), role, bold),) for text, bold in lines]


def _centred(text: str, width: int) -> str:
    return " " * max(0, (width - cell_len(text)) // 2) + fit(text, width)


def _typing(scene: Scene, console: Console, width: int, height: int) -> list[Line]:
    """Return the field with the plate, what is known of it, and what can be picked or asked below."""
    plate = console.plate
    shown = plate.text or plate.home
    cursor = ("▏" if scene.terminal.wide else "_") if console.stage is Stage.PLATE else ""
    kind = scene.say("vehicle_new_energy") if plate.new_energy else ""
    state = scene.say("vehicle_possible") if plate.possible else scene.say("vehicle_incomplete")
    if console.stage is Stage.PEOPLE or not plate.text:
        state = ""
    label = f" {scene.say('vehicle_plate')} "
    field = pad(f" {scene.terminal.shown(' '.join(shown))}{cursor}", min(_FIELD_COLUMNS, width - cell_len(label)))
    rest = width - cell_len(label) - cell_len(field)
    row: Line = (
        Span(label, Role.IDLE, bold=True),
        Span(field, Role.FIELD, bold=True),
        Span(pad(f"  {'  '.join(part for part in (kind, state) if part)}", rest), Role.IDLE, bold=True),
    )
    below: list[tuple[str, bool]] = []
    if console.stage is Stage.PEOPLE:
        asked = scene.say("vehicle_people") + (f"  {console.digits}" if console.digits is not None else "")
        below = [(asked, True), *((line, False) for line in wrap(scene.say("vehicle_more"), width - 2))]
    elif plate.picking:
        below = [(line, True) for line in _choices(scene, console, width - 2)]
    else:
        below = [(line, False) for line in wrap(scene.say("vehicle_pick_hint"), width - 2)]
        waiting = aside(scene, width - 2)
        if not plate.begun:
            below = [(scene.say("vehicle_type_plate"), True), *below, *([("", False)] if waiting else []), *waiting]
    air: list[Line] = [()] if height >= 6 else []
    if height == 1 and console.stage is Stage.PEOPLE:
        return _plain(below[:1], width, Role.IDLE)
    return [*air, row, *air, *_plain(below, width, Role.IDLE)][:height]


def _choices(scene: Scene, console: Console, width: int) -> list[str]:
    """Return what the picker offers, as many a line as fit."""
    cells = [f"{key} {offered or scene.say('vehicle_bare')}" for key, offered in console.plate.choices()]
    lines: list[str] = []
    for cell in cells:
        if lines and cell_len(lines[-1]) + cell_len(cell) + 3 <= width:
            lines[-1] += f"   {cell}"
        else:
            lines.append(cell)
    return lines
