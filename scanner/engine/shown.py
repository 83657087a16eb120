"""What a lane shows: the light at its gate, the words on its screen, and the day in numbers.

Not thread-safe: everything here happens in the lane's own thread, but for `sample`, which is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from firmware_bridge.values import Light, LinkState, Sample
from scanner.control.messages import LaneView
from scanner.control.people import WaitingCode
from scanner.engine.party import Parties
from scanner.engine.person import Person
from scanner.engine.ports import Devices, Services
from scanner.engine.tally import Tally
from scanner.engine.views import lane_view, light_of
from scanner.lane import State


class Shown:
    """One lane's light and screen."""

    def __init__(self, devices: Devices, services: Services) -> None:
        self._devices = devices
        self._services = services
        self._light = Light.IDLE
        self.tally = Tally()
        self.hint: str | None = None
        """Locale key of what the person is asked to do, or of what went wrong."""
        self.sample: Sample | None = None
        """What the thermometer sees now."""

    def light(self, state: State) -> None:
        """Show the light of a state, if it is another than the one shown."""
        light = light_of(state)
        if light is not self._light:
            self._light = light
            self._devices.light(light)

    def light_again(self) -> None:
        """Tell a gate that has come back which light it is."""
        self._devices.light(self._light)

    def retract(self, hint: str) -> None:
        """Ask for it no longer, where it is what is asked for."""
        if self.hint == hint:
            self.hint = None

    def view(
        self,
        state: State,
        person: Person | None,
        links: Mapping[str, LinkState],
        *,
        words: str | None,
        ends_in: float | None,
        present: bool,
        turn: int,
        waiting: tuple[WaitingCode, ...],
        parties: Parties,
    ) -> LaneView:
        """Return the lane as the screens are shown it.

        `words`: locale key for what is in view, where there is no hint; `ends_in`: seconds until the result clears.
        """
        return lane_view(
            devices=self._devices,
            rules=self._services.rules(),
            state=state,
            person=person,
            hint=self.hint or words,
            countdown_s=None if ends_in is None else max(0.0, round(ends_in, 1)),
            sample=self.sample if links["thermometer"] is LinkState.UP else None,
            present=present,
            light=self._light,
            links=links,
            tally=self.tally,
            turn=turn,
            waiting=waiting,
            parties=parties,
            now=self._services.now(),
        )
