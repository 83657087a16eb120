"""What a visitor sees: an invitation, a wait, a result or a closed lane, each filling the screen for 3 m."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto, unique

from rich.cells import cell_len

from firmware_bridge.values import LinkState
from scanner.control.messages import LaneView, ResultView
from scanner.ui import letters, shapes, words
from scanner.ui.bitmap import as_text, beside, blank
from scanner.ui.kiosk.place import ARROWS, Place, Side
from scanner.ui.painted import Line, PaintedLines, Span, ends, fit, pad, wrap
from scanner.ui.panel import sign_shape
from scanner.ui.scene import Scene
from scanner.ui.shapes import Shape
from scanner.ui.themes import Role
from scanner.ui.viewfinder import Viewfinder
from scanner.values import Outcome, TemperatureRule

CLOSING = frozenset(
    {
        "journal_failed",
        "journal_readonly",
        "journal_full",
        "keys_missing",
        "lists_stale",
        "clock_untrusted",
        "gate_lost",
        "decoder_failing",
    }
)
"""Degradations under which nobody passes here without staff: better said before people queue."""
_GAP = 2
_BusyStates = frozenset({"measuring", "remeasuring", "cooling", "recording"})


@unique
class Showing(Enum):
    """What fills the screen."""

    INVITATION = auto()
    BUSY = auto()
    RESULT = auto()
    CLOSED = auto()


def showing(scene: Scene) -> Showing:
    """Return what fills the screen."""
    lane = scene.lane
    if scene.outage is not None or lane is None or scene.silent:
        return Showing.CLOSED
    if lane.result is not None:
        return Showing.RESULT
    if is_closed(scene, lane):
        return Showing.CLOSED
    return Showing.BUSY if lane.state in _BusyStates else Showing.INVITATION


def is_closed(scene: Scene, lane: LaneView) -> bool:
    """Whether nobody can pass here without staff."""
    faults = scene.view.degraded if scene.view is not None else ()
    blind = lane.camera is not LinkState.UP and lane.reader is not LinkState.UP
    cold = lane.temperature_rule is TemperatureRule.REQUIRED and lane.thermometer is LinkState.LOST
    failing = any(fault.code in CLOSING and fault.lane in {None, lane.name} for fault in faults)
    return lane.state == "out_of_service" or blind or cold or failing


def kiosk_sign(scene: Scene) -> words.Sign:
    """Return shape, word and colour."""
    shown = showing(scene)
    if shown is Showing.CLOSED:
        return words.CLOSED
    return words.sign(scene)


def needs_staff(scene: Scene) -> bool:
    """Whether the visitor must go to the staffed lane."""
    shown = showing(scene)
    if shown is Showing.CLOSED:
        return True
    result = scene.result
    return shown is Showing.RESULT and result is not None and words.effective_outcome(result) is not Outcome.PASS


class KioskPanel(PaintedLines):
    """The upper part: sign, words, and the way to the staffed lane."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place

    def ground_of(self, scene: Scene) -> Role:
        """Return the colour of what is shown."""
        return kiosk_sign(scene).role

    def lines(self, scene: Scene, width: int, height: int) -> Sequence[Line]:
        """Return the sign as big as there is room for, the words, and the arrow to the staffed lane below."""
        sign = kiosk_sign(scene)
        said = self._said(scene, width - 2)
        if not needs_staff(scene):
            big = big_sign(scene, sign.shape, sign.word, width, height - min(len(said), 3))
            return _coloured([*_air(height, len(big) + len(said)), *big, *said], width, sign.role)
        # Two signs of one size: what it is, and where to go.
        half = (height - min(len(said), 3)) // 2
        arrow = ARROWS[self._place.staffed]
        first = big_sign(scene, sign.shape, sign.word, width, half)
        second = big_sign(scene, arrow, "big_staffed", width, half)
        if height < len(first) + len(second) + len(said):
            said = said[: max(0, height - len(first) - len(second))]
        return _coloured([*first, *said, *second], width, sign.role)

    def _said(self, scene: Scene, width: int) -> list[tuple[str, bool]]:
        """Return sentences for the visitor, centred."""
        shown, result = showing(scene), scene.result
        sentences: list[str] = []
        if shown is Showing.CLOSED:
            sentences = [scene.say("kiosk_closed"), self._way(scene)]
        elif shown is Showing.RESULT and result is not None:
            sentences = self._of_result(scene, result)
        elif shown is Showing.INVITATION and words.hint(scene) in {"", scene.texts.get("hint.show_code")}:
            sentences = [scene.say(f"{self._eye(scene)}{self._place.reader}")]
        else:
            sentences = [words.hint(scene)]
        lines = [line for sentence in sentences if sentence for line in wrap(scene.terminal.shown(sentence), width)]
        return [(" " * max(0, (width - cell_len(line)) // 2) + line, True) for line in lines]

    def _of_result(self, scene: Scene, result: ResultView) -> list[str]:
        passes = words.effective_outcome(result) is Outcome.PASS
        codes = [result.overridden] if result.overridden else [*result.reasons]
        why = [scene.texts.get(f"reason.{codes[0]}")] if codes else []
        then = [scene.texts.get(f"next.{codes[0]}")] if codes and (passes or not result.overridden) else []
        if passes:
            return [*why, *then] if codes else [scene.say("kiosk_go")]
        return [*why, self._way(scene)]

    def _way(self, scene: Scene) -> str:
        return self._place.staffed_text or scene.say(f"kiosk_staffed_{self._place.staffed}")

    @staticmethod
    def _eye(scene: Scene) -> str:
        lane = scene.lane
        return "kiosk_scan_" if lane is not None and lane.camera is None else "kiosk_hold_"


class KioskFoot(PaintedLines):
    """One line: the number that people quote and when the result clears; otherwise what staff must know; the time."""

    ground = Role.HEADER

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:  # noqa: ARG002
        """Return the line."""
        now, result = scene.now, scene.result if scene.outage is None else None
        clock = "" if now is None else f"{scene.local(now):%H:%M} "
        if result is not None:
            left = "" if result.countdown_s is None else max(0.0, result.countdown_s - scene.elapsed)
            right = clock if left == "" else f"{scene.say('kiosk_seconds', n=int(float(left) + 0.999))}  {clock}"
            return [(Span(ends(f" {self._number(scene, result)}", right, width), Role.HEADER, bold=True),)]
        faults = [words.headline(fault) for fault in words.degradations(scene)]
        if scene.outage is not None:
            faults = [words.headline(words.hint(scene))]
        elif not scene.terminal.wide:
            faults.append(scene.say("no_chinese", why=scene.terminal.why))
        return [(Span(ends(f" {'  '.join(faults)}", clock, width), Role.ALERT if faults else Role.HEADER),)]

    @staticmethod
    def _number(scene: Scene, result: ResultView) -> str:
        if words.effective_outcome(result) is Outcome.PASS:
            return words.number(scene, result)
        return scene.texts.get("appeal", number=words.number(scene, result).rpartition(" ")[2])


class LanguageStrip(PaintedLines):
    """Says, in the next language, that a touch switches to it."""

    ground = Role.KEY

    def __init__(self) -> None:
        super().__init__()
        self.invitation = ""

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:  # noqa: ARG002
        """Return the words in the middle of the strip."""
        text = fit(self.invitation, width)
        left = " " * max(0, (width - cell_len(text)) // 2)
        words_: Line = (Span(pad(left + text, width), Role.KEY, bold=True),)
        return [*([()] * ((height - 1) // 2)), words_]


def big_sign(scene: Scene, shape: Shape, word: str, width: int, height: int) -> list[tuple[str, bool]]:
    """Return a shape and a word in the biggest letters that fit, else as one line."""
    text = scene.say(word)
    for size in reversed(letters.SIZES):
        if not letters.has(text, size) or size // 2 > height:
            continue
        picture = beside(sign_shape(shape, size), blank(_GAP, size), letters.word(text, size))
        if picture.width > width:
            continue
        indent = " " * ((width - picture.width) // 2)
        return [(indent + line, True) for line in as_text(picture, ascii_only=not scene.terminal.wide)]
    mark = shape.text if scene.terminal.wide else shape.ascii
    plain = fit(f"{mark} {text}", width)
    return [(" " * max(0, (width - cell_len(plain)) // 2) + plain, True)]


class Mirror(Viewfinder):
    """The camera's picture for visitors: how fast it comes is none of their business."""

    @staticmethod
    def _remark(scene: Scene) -> str:  # noqa: ARG004
        return ""


class Arrow(PaintedLines):
    """A big arrow beside the camera's picture: hold the code there."""

    def __init__(self, side: Side) -> None:
        super().__init__()
        self._side = side

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Return the arrow in the middle."""
        if showing(scene) is not Showing.INVITATION:
            return []
        size = min(width, 2 * height)
        if size < 6:
            return []
        drawn = as_text(shapes.draw(ARROWS[self._side], size - size % 2), ascii_only=not scene.terminal.wide)
        left = " " * ((width - size) // 2)
        lines: list[Line] = [(Span(pad(f"{left}{row}", width), Role.BODY, bold=True),) for row in drawn]
        return [*([()] * ((height - len(lines)) // 2)), *lines]


def _air(height: int, used: int) -> list[tuple[str, bool]]:
    return [("", False)] * max(0, (height - used) // 2)


def _coloured(lines: Sequence[tuple[str, bool]], width: int, role: Role) -> list[Line]:
    return [(Span(pad(text, width), role, bold),) for text, bold in lines]
