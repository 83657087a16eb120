"""What the Pico does from power on: one loop, watched by the watchdog, which never ends well except by losing power."""

from firmware_bridge import link
from firmware_bridge.firmware.board import Pico
from firmware_bridge.firmware.controller import Controller
from firmware_bridge.firmware.lamp import DARK, EMPTY, draw

TURN_MS = 5
"""How often everything but the host is looked after; bytes of the host end the wait at once."""
WATCHDOG_MS = link.HEARTBEAT_LOST_MS
"""A program that hangs is no better than a host that is gone. A turn takes 10 ms at its worst, one that waits for a
host that does not read half a second."""
STUCK_MS = 10000
"""A button pressed for so long from the start is stuck, or somebody leans on it."""


def main() -> None:
    """Serve, unless the button says otherwise: then the Pico is left to whoever updates it, relay without current."""
    pico = Pico()
    if is_to_be_updated(pico):
        pico.pixels(draw(EMPTY, DARK))
        return
    try:
        serve(pico, Controller(pico, pico.boot_number()))
    except BaseException as error:  # the one edge: whatever went wrong, the Pico starts anew
        pico.fail(error)


def is_to_be_updated(pico: Pico) -> bool:
    """Whether the button was held as power came, and was let go of then: a stuck one keeps no gate from serving."""
    began_ms = pico.now_ms()
    held = False
    while pico.button():
        held = True
        if pico.now_ms() - began_ms > STUCK_MS:
            return False
    return held


def serve(pico: Pico, controller: Controller) -> None:
    """Serve the host for ever."""
    pico.listen()
    watchdog = pico.watchdog(WATCHDOG_MS)
    while True:
        data = pico.receive(TURN_MS)
        now_ms = pico.now_ms()
        if data:
            answers = controller.receive(data, now_ms)
            if answers:
                pico.send(answers)
        reports = controller.turn(now_ms)
        if reports and pico.has_room():
            pico.send(reports)
        watchdog.feed()
