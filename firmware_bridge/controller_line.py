"""The line of a gate controller's thermometer where no gate is served: for the doctor, and for calibration.

The controller is greeted, asked for its readings, and told to leave the gate alone: it stays as it was without a host.
"""

from __future__ import annotations

import threading

from firmware_bridge.gate import GateController
from firmware_bridge.reports import GateSettings
from firmware_bridge.tap import Tap
from firmware_bridge.transport import SerialPort

END_S = 1.0


class ControllerLine(Tap):
    """A tap with a loop of its own behind it, which runs from the first `wait` until `close`."""

    def __init__(self, port: SerialPort) -> None:
        super().__init__(port.name)
        self._port = port
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def wait(self, timeout: float) -> bytes:
        """Bytes that came within `timeout` seconds, as of any line."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._serve, name=self.name, daemon=True)
            self._thread.start()
        return super().wait(timeout)

    def close(self) -> None:
        """Give the port back."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stop.set()
            self._port.wake()
            thread.join(END_S)

    def _serve(self) -> None:
        settings = GateSettings(hands_off=True, samples=True)
        gate = GateController(self._port, lambda _: None, lambda _state, _detail: None, settings=settings, tap=self)
        gate.run(self._stop)
