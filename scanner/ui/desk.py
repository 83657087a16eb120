"""What the guard's keys do: opens the forms, makes commands of them, and says in words what became of them.

Every command goes through `Desk.ask`: where the engine answers that nobody is on shift, the sign-on opens by itself,
and the command is sent once more when somebody has signed on. A command about a person names that person's entry, so
that it never falls on the next one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum, unique
from typing import Final, ParamSpec

from keys.verdict import DocumentType
from scanner.control.duty import Unlock, Unlocked
from scanner.control.messages import (
    Acknowledge,
    Command,
    ConfirmTime,
    Override,
    Pause,
    Remeasure,
    Reply,
    TakeStick,
)
from scanner.control.people import Activate, CallSupervisor, ChooseCode, TypeTemperature
from scanner.ui import keys, words
from scanner.ui.dialogs.activation import ActivationForm, TemperatureForm
from scanner.ui.dialogs.form import error_text
from scanner.ui.dialogs.help import HelpPage
from scanner.ui.dialogs.sign_on import SignOnForm
from scanner.ui.dialogs.staff import ADMIT_CAUSES, REFUSE_CAUSES, Credentials, StaffDialog
from scanner.ui.front import Front
from scanner.ui.registering import Registering
from scanner.ui.supervisor.screen import SupervisorScreen

NOBODY_ON_SHIFT = "shift.nobody"
"""The engine's answer to whatever needs somebody on shift."""
REFERRED = "referred"
"""The lane's state in which staff may activate a code."""
JUDGED_ANEW_S: Final = 3.0
"""So long the judgement with a typed temperature is waited for, before the code is activated."""

P = ParamSpec("P")


@unique
class Duty(StrEnum):
    """What a key can ask for."""

    REMEASURE = "remeasure"
    PAUSE = "pause"
    STICK = "stick"
    TIME = "time"
    SHIFT = "shift"
    ENTRY = "entry"
    VISITOR = "visitor"
    LEAVES = "leaves"
    ACTIVATE = "activate"
    TEMPERATURE = "temperature"
    CALL = "call"
    SUPERVISE = "supervise"
    HELP = "help"


class Desk:
    """What the keys do on one screen."""

    def __init__(self, front: Front, clock: Callable[[], float]) -> None:
        """`clock`: monotonic seconds."""
        self._front = front
        self._registering = Registering(front, self.ask, clock)
        self._signing_on = asyncio.Lock()
        self._duties: dict[Duty, Callable[[], Awaitable[None]]] = {
            Duty.REMEASURE: self._remeasure,
            Duty.PAUSE: self._pause,
            Duty.STICK: self._stick,
            Duty.TIME: self._time,
            Duty.SHIFT: self._shift,
            Duty.ENTRY: self._registering.entry,
            Duty.VISITOR: self._registering.visitor,
            Duty.LEAVES: self._registering.leaves,
            Duty.ACTIVATE: self._activate,
            Duty.TEMPERATURE: self._temperature,
            Duty.CALL: self._call,
            Duty.SUPERVISE: self._supervise,
            Duty.HELP: self._help,
        }

    async def do(self, duty: Duty) -> None:
        """Do what a key asks for, as far as it can be done now."""
        await self._duties[duty]()

    async def ask(self, command: Command) -> Reply | None:
        """Send a command. Where nobody is on shift, let somebody sign on, and send it once more."""
        reply = await self._front.send(command)
        if reply is None or reply.ok or reply.error != NOBODY_ON_SHIFT or self._signing_on.locked():
            return reply
        async with self._signing_on:
            scene = self._front.scene
            form = SignOnForm(scene, self._front.send, scene.texts.get(NOBODY_ON_SHIFT))
            if await self._front.open_and_wait(form) is None:
                return reply
        return await self._front.send(command)

    def tell(self, command: Command, done: str = "") -> None:
        """Send a command that needs no form, and say what became of it: why it was refused, or `done`."""

        async def deliver() -> None:
            reply = await self.ask(command)
            scene = self._front.scene
            if reply is None:
                self._front.say(scene.say("no_answer"))
            elif not reply.ok:
                self._front.say(error_text(scene, reply))
            elif done:
                self._front.say(scene.say(done))

        self._front.work(deliver())

    # People before the lane

    def acknowledge(self) -> None:
        """Clear the result."""
        lane = self._front.scene.lane_now
        if lane is not None and lane.result is not None:
            self.tell(Acknowledge(id=0, lane=lane.name, about=lane.result.seq))

    def choose(self, number: int) -> None:
        """Say whose code of several is meant: the one with this number in the list."""
        lane = self._front.scene.lane_now
        if lane is not None and 0 < number <= len(lane.waiting):
            self.tell(ChooseCode(id=0, lane=lane.name, handle=lane.waiting[number - 1].handle))

    async def overrule(self, admit: bool) -> None:
        """Ask for staff's number, PIN and cause, and overrule the decision shown."""
        scene = self._front.scene
        lane = scene.lane_now
        if lane is None or not lane.attended:
            return
        if lane.result is None:
            self._front.say(scene.say("nothing_to_overrule"))
            return
        name, seq = lane.name, lane.result.seq
        about = f"{words.number(scene, lane.result)}  {words.reasons(scene, lane.result)[0]}"

        async def submit(typed: Credentials) -> Reply | None:
            return await self.ask(
                Override(
                    id=0,
                    lane=name,
                    admit=admit,
                    staff=typed.staff,
                    pin=typed.pin,
                    supervisor=typed.supervisor,
                    supervisor_pin=typed.supervisor_pin,
                    cause=typed.cause,
                    about=seq,
                )
            )

        title = scene.say("dialog_admit" if admit else "dialog_refuse")
        causes = ADMIT_CAUSES if admit else REFUSE_CAUSES
        await self._front.open(
            StaffDialog(scene, title, about, causes, self._same(submit)).concerning(scene.person), self._done
        )

    async def _remeasure(self) -> None:
        lane = self._front.scene.lane_now
        if lane is not None and lane.attended and lane.result is not None:
            self.tell(Remeasure(id=0, lane=lane.name, about=lane.result.seq))

    async def _temperature(self) -> None:
        scene = self._front.scene
        lane = scene.lane_now
        if lane is None or not lane.attended or lane.result is None:
            return
        name, seq, turn = lane.name, lane.result.seq, lane.turn

        async def send(centi: int) -> Reply | None:
            return await self.ask(TypeTemperature(id=0, lane=name, centi=centi, about=seq, turn=turn))

        about = words.identity(scene, lane.result) or words.number(scene, lane.result)
        await self._front.open(TemperatureForm(scene, about, self._same(send)).concerning(scene.person), self._done)

    async def _activate(self) -> None:
        scene = self._front.scene
        lane = scene.lane_now
        if lane is None or lane.result is None or not keys.activable(scene):
            return
        name, seq, turn = lane.name, lane.result.seq, lane.turn

        async def send(document: DocumentType, centi: int | None) -> Reply | None:
            about = seq
            if centi is not None:
                reply = await self.ask(TypeTemperature(id=0, lane=name, centi=centi, about=seq, turn=turn))
                if reply is None or not reply.ok:
                    return reply
                about = await self._judged_anew(name, seq)
            return await self.ask(Activate(id=0, lane=name, document_type=document, about=about))

        form = ActivationForm(scene, lane.result, lane.limit_centi, self._same(send))
        await self._front.open(form.concerning(scene.person), self._done)

    async def _judged_anew(self, lane: str, before: int | None) -> int | None:
        """Wait until the person has been judged with the typed temperature; return the new entry's number."""
        until = time.monotonic() + JUDGED_ANEW_S
        while time.monotonic() < until:
            view = self._front.scene.view
            found = next((one for one in view.lanes if one.name == lane), None) if view is not None else None
            result = found.result if found is not None and found.state == REFERRED else None
            if result is not None and result.seq not in {None, before}:
                return result.seq
            await asyncio.sleep(0.02)
        return before

    # The lane and the appliance

    async def _pause(self) -> None:
        lane = self._front.scene.lane_now
        if lane is not None:
            self.tell(Pause(id=0, lane=lane.name, paused=lane.state != "out_of_service"))

    async def _call(self) -> None:
        lane = self._front.scene.lane_now
        if lane is not None:
            self.tell(CallSupervisor(id=0, lane=lane.name), "supervisor_called")

    async def _stick(self) -> None:
        view = self._front.scene.view
        if self._front.scene.outage is None and view is not None and view.update.stick is not None:
            self.tell(TakeStick(id=0))

    async def _time(self) -> None:
        scene = self._front.scene
        if scene.outage is not None or scene.view is None or scene.now is None or not scene.view.clock.value:
            return
        title = scene.say("dialog_time", time=f"{scene.local(scene.now):%Y-%m-%d %H:%M}")

        async def submit(typed: Credentials) -> Reply | None:
            return await self._front.send(ConfirmTime(id=0, supervisor=typed.staff, pin=typed.pin))

        await self._front.open(StaffDialog(scene, title, "", (), submit, supervisor_only=True), self._done)

    async def _shift(self) -> None:
        scene = self._front.scene
        if scene.outage is None and scene.view is not None:
            await self._front.open(SignOnForm(scene, self._front.send), self._done)

    async def _supervise(self) -> None:
        scene = self._front.scene
        if scene.outage is not None or scene.view is None:
            return

        async def submit(typed: Credentials) -> Reply | None:
            return await self._front.send(Unlock(id=0, staff=typed.staff, pin=typed.pin))

        def opened(reply: Reply | None) -> None:
            if reply is not None and isinstance(reply.answer, Unlocked):
                screen = SupervisorScreen(self._front.scene, self._front.send, reply.answer)
                self._front.work(self._front.open(screen, closed))

        def closed(why: str | None) -> None:
            if why:
                self._front.say(self._front.scene.texts.get(why))

        form = StaffDialog(scene, scene.say("dialog_unlock"), "", (), submit, supervisor_only=True)
        await self._front.open(form, opened)

    async def _help(self) -> None:
        await self._front.open(HelpPage(self._front.scene, self._front.keys), _nothing)

    # Help for all of them

    def _done(self, came_to: object) -> None:
        if came_to is not None:
            self._front.say(self._front.scene.say("done"))

    def _same(self, send: Callable[P, Awaitable[Reply | None]]) -> Callable[P, Awaitable[Reply | None]]:
        """Return `send` for the person who stands there now: when another does by then, nothing is sent."""
        person = self._front.scene.person

        async def sent(*typed: P.args, **_named: P.kwargs) -> Reply | None:
            if self._front.scene.person != person:
                return Reply(id=0, ok=False, error="screen.person_gone")
            return await send(*typed, **_named)

        return sent


def _nothing(_came_to: object) -> None:
    """Do nothing about what a page comes to."""
