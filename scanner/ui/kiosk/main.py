"""The kiosk's screen: its parts, touches, the language of whoever stands there, and the hidden way to maintenance."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key, MouseDown
from textual.widget import Widget

from scanner.control.duty import Unlocked
from scanner.locale import Texts, languages
from scanner.ui.face import Face, Host
from scanner.ui.kiosk.keypad import Keypad
from scanner.ui.kiosk.maintenance import Maintenance
from scanner.ui.kiosk.panel import Arrow, KioskFoot, KioskPanel, LanguageStrip, Mirror, Showing, showing
from scanner.ui.kiosk.place import Place, Side
from scanner.ui.kiosk.touch import Corners
from scanner.ui.kiosk.visitor import VisitorLanguage
from scanner.ui.kiosk.visitor import languages as visitor_languages
from scanner.ui.main_screen import share_out
from scanner.ui.painted import Painted
from scanner.ui.scene import Scene

STRIP_ROWS = 3
"""High enough for a finger."""
_SMALLEST_PICTURE = 6
_PANEL_ROWS = 12
"""The sign and a sentence, beside the camera's picture."""


class KioskScreen(Face, inherit_bindings=False):
    """Paints scenes for people who walk past. It has no keys but those that the configuration names."""

    CSS: ClassVar[str] = """
    KioskScreen { layout: vertical; overflow: hidden; }
    Horizontal > * { height: 1fr; }
    """

    def __init__(self, host: Host, place: Place) -> None:
        super().__init__(Mirror())
        self._host = host
        self._place = place
        self._language: VisitorLanguage | None = None
        self._texts: dict[str, Texts] = {}
        self._corners = Corners()
        self._keypad: Keypad | None = None
        self._maintenance: Maintenance | None = None
        self._panel, self._strip, self._foot = KioskPanel(place), LanguageStrip(), KioskFoot()
        self._middle = Horizontal()
        self._left, self._right = Arrow(place.reader), Arrow(place.reader)

    def compose(self) -> ComposeResult:
        """Lay the parts out from top to bottom."""
        yield self._panel
        with self._middle:
            yield self._left
            yield self._viewfinder
            yield self._right
        yield self._strip
        yield self._foot

    @property
    def language(self) -> str:
        """The language of whoever stands there: voices speak it too."""
        return self._language.now if self._language is not None else ""

    # --- languages ------------------------------------------------------------------------------------------------

    def follow(self, scene: Scene) -> None:
        """Follow whose turn it is, and in which language."""
        if self._maintenance is not None:
            self._maintenance.show(scene)
        site = scene.texts.language
        if self._language is None or self._language.site != site:
            offered = self._place.languages if scene.terminal.wide else (site,)
            self._language = visitor_languages(site, offered, languages())
        result = scene.result if scene.outage is None else None
        about = None if result is None else (result.at, result.seq)
        busy = showing(scene) is Showing.BUSY
        self._language = self._language.follow(about, busy=busy, moment=self._host.clock())

    def _next_language(self) -> None:
        if self._language is not None and self._language.next is not None:
            self._language = self._language.switched(self._host.clock())
            self.repaint()

    def _spoken(self, language: str) -> Texts:
        if language not in self._texts:
            self._texts[language] = Texts.load(language)
        return self._texts[language]

    # --- touches and buttons --------------------------------------------------------------------------------------

    def on_mouse_down(self, event: MouseDown) -> None:
        """Switch the language at its strip; after the four corners, ask for a supervisor."""
        event.stop()
        width, height = self.size
        x, y = event.screen_x, event.screen_y
        self._corners = self._corners.touch(x, y, width, height, self._host.clock())
        if self._corners.complete:
            self._corners = Corners()
            self._ask_for_staff()
        elif self._strip.display and self._strip.region.contains(x, y) and not self._corners.touched:
            self._next_language()

    def on_key(self, event: Key) -> None:
        """Obey the buttons that the configuration names, and no other key."""
        event.stop()
        if event.key == self._place.language_key:
            self._next_language()
        elif event.key == self._place.maintenance_key:
            self._ask_for_staff()

    def _ask_for_staff(self) -> None:
        if self._scene is None or self._keypad is not None or self._maintenance is not None:
            return
        self._keypad = Keypad(self._host, self._scene)
        self.app.push_screen(self._keypad, self._keypad_closed)

    def _keypad_closed(self, unlocked: Unlocked | None) -> None:
        self._keypad = None
        if unlocked is None or self._scene is None:
            return
        self._maintenance = Maintenance(self._host, self._scene, unlocked)
        self.app.push_screen(self._maintenance, self._maintenance_closed)

    def _maintenance_closed(self, _: None) -> None:
        self._maintenance = None

    # --- painting -------------------------------------------------------------------------------------------------

    def paint(self, scene: Scene) -> None:
        """Show `scene` in the visitor's language."""
        language = self._language
        if language is None:
            return
        spoken = replace(scene, texts=self._spoken(language.now))
        if language.next is not None:
            self._strip.invitation = self._spoken(language.next).get("screen.kiosk_language")
        parts: tuple[Painted, ...] = (self._panel, self._left, self._viewfinder, self._right, self._strip, self._foot)
        for part in parts:
            part.show(spoken)

    def share_rows(self, scene: Scene) -> None:
        """Give each part its rows, and the picture its columns."""
        width, height = self.size
        foot = 1 if height >= 4 else 0
        strip = 0
        if height >= 10 and self._language is not None and self._language.next is not None:
            strip = STRIP_ROWS if height >= 16 else 1
        free = height - foot - strip
        lane = scene.lane
        aiming = showing(scene) in {Showing.INVITATION, Showing.BUSY} and lane is not None and lane.camera is not None
        picture = max(0, free - max(_PANEL_ROWS, free // 2)) if aiming else 0
        if picture < _SMALLEST_PICTURE or width < 40:
            picture = 0
        rows: tuple[tuple[Widget, int], ...] = (
            (self._panel, free - picture),
            (self._middle, picture),
            (self._strip, strip),
            (self._foot, foot),
        )
        columns = min(width // 2, 2 * picture * 16 // 9)
        side = (width - columns) // 2
        share_out(rows, ((self._left, side), (self._right, side), (self._viewfinder, width - 2 * side)))
        self._left.visible = self._place.reader is not Side.RIGHT
        self._right.visible = self._place.reader is not Side.LEFT
