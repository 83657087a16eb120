"""The seats of a vehicle as boxes: number, shape and word, colour and temperature, and who drives."""

from __future__ import annotations

from rich.cells import cell_len

from scanner.control.people import PartyView, SeatView
from scanner.ui import words
from scanner.ui.highway import vehicle
from scanner.ui.highway.panel import minutes, seat_facts
from scanner.ui.painted import Line, PaintedLines, Span, ends, pad
from scanner.ui.scene import Scene
from scanner.ui.themes import Role

BOX_ROWS = 4
_BOX_COLUMNS = 15
"""At least."""
_WIDEST = 26
_CELL_COLUMNS = 10
"""Of a seat without a box."""


class VehicleStrip(PaintedLines):
    """One line: plate, how many have been checked, how long it has taken, how many vehicles stand aside."""

    ground = Role.STATUS

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:  # noqa: ARG002
        """Return the line."""
        lane, now = scene.lane, scene.now
        if lane is None or now is None or scene.outage is not None:
            return []
        right = scene.say("vehicle_aside", n=len(lane.aside)) if lane.aside else ""
        party = lane.party
        if party is None:
            return [(Span(ends("", f"{right} ", width), Role.STATUS, bold=True),)]
        parts = [
            scene.terminal.shown(party.plate),
            scene.say("vehicle_count", here=len(party.seats), people=party.people),
            *([] if party.released else [scene.say("vehicle_time", time=minutes(now - party.since))]),
        ]
        return [(Span(ends(f" {'   '.join(parts)}", f"{right} ", width), Role.STATUS, bold=True),)]


class Seats(PaintedLines):
    """Every seat; people who have not been checked are empty ones."""

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Return boxes, or short cells where the boxes do not fit, or the counts where nothing does."""
        lane = scene.lane
        if lane is None or scene.outage is not None:
            return []
        if lane.party is None:
            return []
        seats = vehicle.ordered(lane.party)
        across = max(1, min(len(seats), width // _BOX_COLUMNS))
        if -(-len(seats) // across) * BOX_ROWS <= height:
            return _boxes(scene, seats, width, across)
        return _cells(scene, seats, width, height)


def rows_wanted(party: PartyView, width: int) -> int:
    """Return how many rows the boxes take."""
    across = max(1, min(party.people, width // _BOX_COLUMNS))
    return -(-party.people // across) * BOX_ROWS


def _boxes(scene: Scene, seats: tuple[SeatView | None, ...], width: int, across: int) -> list[Line]:
    size = min(_WIDEST, width // across)
    out: list[Line] = []
    for first in range(0, len(seats), across):
        group = [_box(scene, place, seats[place - 1], size) for place in _places(seats, first, across)]
        out += [tuple(spans) for spans in zip(*group, strict=True)]
    return out


def _places(seats: tuple[SeatView | None, ...], first: int, across: int) -> range:
    return range(first + 1, min(first + across, len(seats)) + 1)


def _box(scene: Scene, place: int, seat: SeatView | None, size: int) -> list[Span]:
    """Return four rows of `size` cells. An empty seat is told from a taken one by its border as well."""
    corners, flat, side = ("┌┐└┘", "─", "│") if scene.terminal.wide else ("++++", "-", "|")
    if seat is None:
        flat, side = ("╌", "╎") if scene.terminal.wide else (".", ":")
    role = Role.BODY if seat is None else words.outcome_sign(seat.outcome).role
    number = place if seat is None else seat.seat
    driver = f" {scene.say('vehicle_driver')}" if seat is not None and seat.driver else ""
    title = f" {number}{driver} "
    inner = size - 2
    top = corners[0] + title + flat * max(0, inner - cell_len(title)) + corners[1]
    bottom = corners[2] + flat * inner + corners[3]
    if seat is None:
        said, facts = scene.say("vehicle_empty"), ""
    else:
        said, facts = f"{_mark(scene, seat)} {scene.texts.get(f'outcome.{seat.outcome.name.lower()}')}", ""
        facts = seat_facts(scene, seat)
    rows = [top, f"{side}{pad(f' {said}', inner)}{side}", f"{side}{pad(f' {facts}', inner)}{side}", bottom]
    return [Span(pad(row, size), role, bold=True) for row in rows]


def _cells(scene: Scene, seats: tuple[SeatView | None, ...], width: int, height: int) -> list[Line]:
    """Return short cells; where not all fit, those that need something come first."""
    across = max(1, width // _CELL_COLUMNS)
    order = sorted(range(len(seats)), key=lambda index: _weight(seats[index]))
    room = across * height
    chosen = sorted(order[:room]) if len(seats) > room else [*range(len(seats))]
    cells = [_cell(scene, index + 1, seats[index]) for index in chosen]
    return [tuple(cells[first : first + across]) for first in range(0, len(cells), across)]


def _weight(seat: SeatView | None) -> int:
    return 1 if seat is None else -int(seat.outcome) if seat.outcome else 2


def _cell(scene: Scene, place: int, seat: SeatView | None) -> Span:
    if seat is None:
        return Span(pad(f"{place:>2} --", _CELL_COLUMNS), Role.BODY)
    driver = "*" if seat.driver else " "
    heat = "" if seat.temperature_centi is None else words.degrees(seat.temperature_centi)
    text = f"{seat.seat:>2}{driver}{_mark(scene, seat)} {heat}"
    return Span(pad(text, _CELL_COLUMNS), words.outcome_sign(seat.outcome).role, bold=True)


def _mark(scene: Scene, seat: SeatView) -> str:
    shape = words.outcome_sign(seat.outcome).shape
    return shape.text if scene.terminal.wide else shape.ascii
