"""People without a code, and visitors: which form is opened for them, and what becomes of what was typed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from scanner.control.duty import SlipIssued
from scanner.control.messages import LaneView
from scanner.ui import words
from scanner.ui.dialogs.choice import ChoiceForm
from scanner.ui.dialogs.entry import Draft, ManualForm
from scanner.ui.dialogs.form import Ask
from scanner.ui.dialogs.visitor import LeaveForm, SlipNotice, VisitorForm
from scanner.ui.front import Front
from scanner.ui.scene import Scene
from scanner.values import Outcome, SiteKind

RECENT_S: Final = 180
"""A visitor's slip is offered for whoever passed with a code at most so long ago."""
KEPT_S: Final = 180.0
"""So long a form that made way for somebody else's result can be taken up again; then it is forgotten."""


class Registering:
    """The desk's part for people whom no code describes."""

    def __init__(self, front: Front, ask: Ask, clock: Callable[[], float]) -> None:
        self._front = front
        self._ask = ask
        self._clock = clock
        self._draft: Draft | None = None

    async def entry(self) -> None:
        """Register somebody without a phone or code."""
        scene = self._front.scene
        lane = scene.lane_now
        if lane is None or not lane.attended:
            return
        objection = _objection(scene, lane)
        if objection is not None:
            self._front.say(objection)
            return
        form = ManualForm(scene, self._ask, lane.name, draft=self._taken_up(visitor=False))
        await self._front.open(form, self._registered)

    async def visitor(self) -> None:
        """Register a visitor: whoever has just passed with a code, or somebody else by hand."""
        scene = self._front.scene
        lane = scene.lane_now
        if lane is None or not lane.attended:
            return
        objection = _objection(scene, lane)
        draft = self._taken_up(visitor=True) if objection is None else None
        by_hand = ManualForm(scene, self._ask, lane.name, visitor=True, draft=draft)
        passed = _just_passed(scene, lane)
        if passed is None or draft is not None:
            if objection is not None:
                self._front.say(objection)
            else:
                await self._front.open(by_hand, self._registered)
            return
        seq, who = passed
        with_code = VisitorForm(scene, self._ask, lane.name, seq, who)

        def chosen(place: int | None) -> None:
            if place == 0:
                self._front.work(self._front.open(with_code, self._registered))
            elif place is not None:
                self._front.work(self._front.open(by_hand, self._registered))

        lines = (who, scene.say("visitor_by_hand"))
        await self._front.open(ChoiceForm(scene, scene.say("visitor_title"), lines), chosen)

    async def leaves(self) -> None:
        """Take a slip back."""
        scene = self._front.scene
        lane = scene.lane_now
        if lane is None:
            return

        def closed(slip: int | None) -> None:
            if slip is not None:
                self._front.say(self._front.scene.say("visitor_left", slip=slip))

        await self._front.open(LeaveForm(scene, self._ask, lane.name), closed)

    def _taken_up(self, *, visitor: bool) -> Draft | None:
        """Return the form of this kind that made way, and keep it no longer."""
        draft = self._draft
        if draft is None or draft.visitor is not visitor:
            return None
        self._draft = None
        return draft

    def _keep(self, draft: Draft) -> None:
        async def forget() -> None:
            await asyncio.sleep(KEPT_S)
            if self._draft is draft:
                self._draft = None

        self._draft = draft
        key = "V" if draft.visitor else "N"
        self._front.say(self._front.scene.say("entry_kept", press=key, n=round(KEPT_S / 60)))
        self._front.work(forget())

    def _registered(self, came_to: SlipIssued | str | Draft | None) -> None:
        scene = self._front.scene
        if isinstance(came_to, Draft):
            self._keep(came_to)
            return
        if isinstance(came_to, SlipIssued):
            self._front.work(self._front.open(SlipNotice(scene, came_to.slip, self._clock), _nothing))
        elif came_to is not None:
            self._front.say(scene.say("entry_done", name=came_to))


def _objection(scene: Scene, lane: LaneView) -> str | None:
    """Return why nobody can be registered by hand now, said before anything is typed; None where somebody can."""
    if lane.result is not None and lane.result.countdown_s is None:
        return scene.say("entry_first")  # the lane takes one person after another
    vehicles = scene.view is not None and scene.view.site_kind is SiteKind.HIGHWAY
    if vehicles and (lane.party is None or lane.party.released):
        return scene.texts.get("party.none")
    return None


def _just_passed(scene: Scene, lane: LaneView) -> tuple[int, str] | None:
    """Return number and description of the newest passage, if somebody passed with a code a moment ago.

    No name is in it: a form may stay open long after the result.
    """
    result, seq, colour, at = lane.result, None, None, 0
    if result is not None:
        if words.effective_outcome(result) is Outcome.PASS:
            seq, colour, at = result.seq, result.colour, result.at
    elif lane.last and lane.last[0].outcome is Outcome.PASS:
        seq, colour, at = lane.last[0].seq, lane.last[0].colour, lane.last[0].at
    if seq is None or colour is None or (scene.now or 0) - at > RECENT_S:
        return None
    time_ = f"{scene.local(at):%H:%M:%S}"
    return seq, scene.say("visitor_passed", time=time_, colour=words.colour_word(scene, colour), number=seq)


def _nothing(_came_to: object) -> None:
    """Do nothing about what a page comes to."""
