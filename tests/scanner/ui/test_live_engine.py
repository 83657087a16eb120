"""Keys mashed at random against a real engine: nothing breaks, nobody passes undecided, no entry is lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from textual import events

from demo.guard import GUARD, LANE, PINS, SUPERVISOR
from demo.virtual_camera import pictures
from keys.verdict import Colour
from scanner.control.duty import SignOff, SignOn
from scanner.control.messages import Command, Override, Reply
from scanner.control.people import Activate, CallSupervisor, ManualEntry, RegisterVisitor, VisitorLeaves
from scanner.journal.detail import ActionDetail, EntryKind, ManualDetail, OverrideDetail, StaffAction
from scanner.journal.entry import Entry
from scanner.ui.app import GuardScreen
from scanner.ui.keys import KEYS
from scanner.values import Outcome
from tests.appliance import Appliance
from tests.scanner.ui.conftest import CHINA, WIDE, taken_in

SIZES = ((80, 24), (160, 45), (20, 5), (200, 60), (40, 12))
SIGN_ON = ("s", *GUARD, "enter", *PINS[GUARD], "enter")
MEANT = (
    SIGN_ON,
    ("s", *SUPERVISOR, "enter", *PINS[SUPERVISOR], "enter"),
    ("s", "down", *GUARD, "enter", *PINS[GUARD], "enter"),
    ("a", *GUARD, "enter", *PINS[GUARD], "enter", "enter"),
    ("r", *GUARD, "enter", *PINS[GUARD], "enter", "down", "enter"),
    ("a", *GUARD, "enter", *PINS[GUARD], "enter", "enter", *SUPERVISOR, "enter", *PINS[SUPERVISOR], "enter"),
    ("n", *"张三丰", "enter", *"E1234567", "enter", "enter", "enter", "enter", *"36.5", "enter"),
    ("n", *"John Smith", "enter", "down", *"X7654321", *(["enter"] * 5)),
    ("v", "2", *"李四", "enter", *"E2345678", "enter", "enter", *"502", "enter", "enter", *"36.4", "enter", "enter"),
    ("v", "1", *"502", "enter", "enter", "enter", "enter"),
    ("w", "down", "enter"),
    ("g", "enter", "enter"),
    ("d", *"36.6", "enter"),
    ("d", *"39.9", "enter"),
    (
        "f",
        *SUPERVISOR,
        "enter",
        *PINS[SUPERVISOR],
        "enter",
        "2",
        "pagedown",
        "pageup",
        "3",
        "4",
        "5",
        "l",
        "t",
        "escape",
    ),
    ("h",),
    ("p", "p"),
)
WITH_PIN = frozenset({"s", "a", "r", "f"})
ANY = (
    *(one for key in KEYS for one in key.pressed.split(",")),
    *("escape", "up", "down", "pageup", "pagedown", "backspace", "delete", "home", "end", "left", "ctrl+c", "ctrl+q"),
    *("ctrl+z", "ctrl+p", "f1", "0", "x", "张", "é", " ", "ctrl+a", "ctrl+k", "shift+tab", "insert"),
)


def sequence(dice: random.Random) -> Sequence[str]:
    """A few keys: meant, cut off in the middle, with wrong ones among them, or any keys at all."""
    if dice.random() < 0.35:
        return [dice.choice(ANY) for _ in range(dice.randint(1, 8))]
    keys = list(dice.choice(MEANT))
    if dice.random() < 0.2:
        keys = keys[: dice.randint(1, len(keys))]
    if not WITH_PIN & {*keys}:  # wrong PINs slow down all the right ones after them
        for _ in range(dice.choice((0, 0, 1, 2))):
            keys.insert(dice.randint(0, len(keys)), dice.choice(ANY))
    # Mostly from the screen itself, with no result in the way; otherwise into whatever is open.
    return ["escape", "escape", "space", *keys] if dice.random() < 0.8 else keys


@cache
def drawn(code: str) -> tuple[bytes, ...]:
    """The pictures of a code, drawn once: that takes longer than pressing keys."""
    return pictures(code)


class Mashed:
    """A screen at a real appliance, and what the engine agreed to."""

    def __init__(self, appliance: Appliance, seed: int) -> None:
        self.dice = random.Random(seed)
        self.appliance = appliance
        self.agreed: list[Command] = []
        self.unheard: list[Command] = []
        """What was sent, and whose reply nobody waited for: the form had gone, or the screen."""
        self.pressed = 0
        self.app = GuardScreen(appliance.socket, "zh_CN", zone=CHINA, terminal=WIDE)
        world = appliance.world
        self.refused = [world.code(colour=Colour.YELLOW).text for _ in range(3)]
        self.codes = [
            *(world.code().text for _ in range(8)),
            *(world.code(colour=colour).text for colour in (Colour.YELLOW, Colour.RED, Colour.GREY, Colour.GREY)),
            world.forged(),
            world.expired(),
        ]

    async def mash(self, sequences: int, budget_s: float, *, all_meant: bool) -> int:
        """Press so many sequences, or as many as the time allows on a busy machine; return how many.

        `all_meant`: begin with all that has a meaning, once, at a lane where it has one.
        """
        until, number = time.monotonic() + budget_s, 0
        sent = self.app.send

        async def noted(command: Command) -> Reply | None:
            self.unheard.append(command)
            reply = await sent(command)
            self.unheard.remove(command)
            if reply is not None and reply.ok:
                self.agreed.append(command)
            return reply

        self.app.send = noted
        async with self.app.run_test(size=(80, 24)) as pilot:
            while self.app.scene.view is None:
                await pilot.pause(0.05)
            await self.press(SIGN_ON)
            for keys in MEANT if all_meant else ():
                await self.mean(keys)
            while number < sequences and time.monotonic() < until:
                number += 1
                self.happen()
                if number % 40 == 39:
                    await pilot.resize_terminal(*self.dice.choice(SIZES))
                await self.press(sequence(self.dice))
                await taken_in(self.app)
                assert self.app._exception is None
                assert self.app.is_running
            leaving = time.monotonic() + 20.0  # what the engine has already is waited for
            while not self.is_left() and time.monotonic() < leaving:
                await pilot.press("escape")
                await asyncio.sleep(0.2)
            assert self.is_left(), "every form can be left"
            assert self.app.scene.outage is None, "the engine is there still"
        return number

    async def mean(self, keys: Sequence[str]) -> None:
        """Press what is meant and wait for it; with somebody referred there where that is meant, else with nobody."""
        self.appliance.thermometer.nobody()
        self.appliance.show(None)
        await self.until(lambda: self.appliance.lane().state in {"waiting", "passed"}, meanwhile=("escape", "space"))
        if keys[0] in {"a", "r"}:
            self.appliance.show(self.refused.pop())
            self.appliance.thermometer.person(3650)
            await self.until(lambda: self.appliance.lane().state == "referred")
        await self.until(self.is_left, meanwhile=("escape",))
        await self.press(keys)
        await taken_in(self.app)
        await self.until(lambda: not self.unheard)
        # A form that does not agree stays open, and says why.
        await self.until(self.is_left, patience_s=2.0)

    def is_left(self) -> bool:
        """Whether no form is open."""
        return self.app.screen is self.app._main

    async def until(
        self, holds: Callable[[], bool], meanwhile: Sequence[str] = (), *, patience_s: float = 15.0
    ) -> None:
        """Wait for it, not for ever: what is pressed next is pressed all the same."""
        until = time.monotonic() + patience_s
        while not holds() and time.monotonic() < until:
            await self.press(meanwhile)
            await asyncio.sleep(0.2)

    async def press(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await asyncio.sleep(self.dice.choice((0, 0, 0.002, 0.02)))

    def happen(self) -> None:
        """Let people come and go."""
        chance = self.dice.random()
        if chance < 0.12:
            self.appliance.feed.frames = drawn(self.dice.choice(self.codes))
        elif chance < 0.4:
            self.appliance.show(None)
        elif chance < 0.6:
            self.appliance.thermometer.person(self.dice.choice((3640, 3655, 3660, 3800)))
        elif chance < 0.7:
            self.appliance.thermometer.nobody()


def judged(appliance: Appliance, agreed: Sequence[Command], unheard: Sequence[Command]) -> None:
    """Hold the log and the gate against what was agreed to; what was asked and not heard of may be there or not."""
    assert appliance.verified().ok
    entries = appliance.entries()
    assert [entry.seq for entry in entries] == list(range(entries[0].seq, entries[0].seq + len(entries)))
    by_number = {entry.seq: entry for entry in entries}
    for number in appliance.opened():
        assert admitted(by_number[number]), f"the gate opened for {by_number[number]}"
    told = Counter(type(command) for command in agreed)
    most = told + Counter(type(command) for command in unheard)
    kinds = Counter(entry.kind for entry in entries)
    slips = Counter(
        entry.detail.slip is not None and entry.outcome is None
        for entry in entries
        if isinstance(entry.detail, ManualDetail)
    )
    acts = Counter(entry.detail.action for entry in entries if isinstance(entry.detail, ActionDetail))
    began = sum(entry.kind is EntryKind.SHIFT and entry.detail.began for entry in entries)
    assert told[SignOn] <= began <= most[SignOn]
    assert kinds[EntryKind.SHIFT] >= told[SignOn] + told[SignOff]
    assert told[Override] <= kinds[EntryKind.OVERRIDE] <= most[Override]
    assert told[Activate] <= kinds[EntryKind.ACTIVATION] <= most[Activate]
    called = acts[StaffAction.CALLED_SUPERVISOR]
    assert min(1, told[CallSupervisor]) <= called <= most[CallSupervisor], "a call that stands is not called anew"
    visits, most_visits = (count[RegisterVisitor] + count[VisitorLeaves] for count in (told, most))
    assert min(1, visits) <= slips[True] <= most_visits, "one passage gets one slip, however often it is asked for"
    assert slips[False] >= told[ManualEntry], "decided about at least once each, or written down as let go of"


def admitted(entry: Entry) -> bool:
    """Whether an entry lets somebody pass."""
    if isinstance(entry.detail, OverrideDetail):
        return entry.detail.admit
    return entry.outcome is Outcome.PASS


def mash(folder: Path, sequences: int, seed: int, budget_s: float = 60.0, *, all_meant: bool = False) -> Mashed:
    with Appliance(folder) as appliance:
        appliance.start()
        assert appliance.lane().name == LANE
        mashed = Mashed(appliance, seed)
        mashed.pressed = asyncio.run(mashed.mash(sequences, budget_s, all_meant=all_meant))
        appliance.show(None)
        appliance.wait_for(lambda: appliance.lane().state not in {"recording", "overriding", "measuring"} or None)
        appliance.stop()
        judged(appliance, mashed.agreed, mashed.unheard)
        return mashed


@pytest.mark.alone
@pytest.mark.soak
@pytest.mark.timeout(280)
def test_thousands_of_random_key_sequences_break_nothing_at_a_real_gate(tmp_path: Path) -> None:
    mashed = mash(tmp_path, 5000, seed=2, budget_s=150.0, all_meant=True)
    assert mashed.pressed > 200, "few enough for a busy machine; a quiet one comes to thousands"
    reached = {type(command) for command in mashed.agreed}
    assert {SignOn, ManualEntry, Override, CallSupervisor, VisitorLeaves} <= reached, "deep enough to mean something"
