"""People a minute at a kiosk, and what a vehicle of four costs beyond its people's own time, on the demo's stream.

The whole appliance runs: camera, decoder, thermometer, log and gate, all emulated at their wires only.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Row
from demo.conductor import DRIVE_UP_S, GAP_S, GLANCE_S, SETTLE_S, STEP_UP_S
from demo.people import Expected, Person, Specimen
from demo.scripts import HIGHWAY, SCENARIOS, Place, Scenario
from demo.world import World
from scanner.values import Outcome, SiteKind

PEOPLE = 20
"""At the kiosk."""
KIOSK_LEAST = 50.0
"""People a minute."""
VEHICLE_LIMIT_S = 15.0
KEYS = 8
"""Of a plate of the own province: letter, five characters, Enter, and the number of people."""
KEY_S = 0.5
"""A key, with gloves."""
OWN_S = STEP_UP_S + SETTLE_S + GLANCE_S + GAP_S
"""What each person of the demo takes to step up, stand still, put the phone away and go; raising it is not among it."""


def rows() -> Iterator[Row]:
    """Yield both rows (some two minutes; each begins when presentations count, half a minute after the start)."""
    yield _kiosk()
    yield _vehicle()


def _kiosk() -> Row:
    people = tuple(
        Person(f"kiosk-{number}", ("王建国",), "in a hurry", (Specimen.LIVE,), (Expected(Outcome.PASS),))
        for number in range(PEOPLE + 1)
    )
    scenario = Scenario(Place.KIOSK, SiteKind.SUBWAY, attended=False, people=people)
    with (
        tempfile.TemporaryDirectory() as folder,
        World(Path(folder), seed=1, language="en", scenario=scenario) as world,
    ):
        world.conductor.close_upon(people[:1])  # waits until presentations count
        began = time.monotonic()
        decided = world.conductor.close_upon(people[1:])
        took = time.monotonic() - began
    passed = sum(one.outcome is Outcome.PASS and one.gate_ns is not None for one in decided)
    value = 60 * passed / took
    return Row(
        name="modes.kiosk_people_a_minute",
        value=value,
        unit="people",
        reference=f"{passed} of {PEOPLE} passed, each as soon as the one before; at least {KIOSK_LEAST:.0f}",
        ok=passed == PEOPLE and value >= KIOSK_LEAST,
    )


def _vehicle() -> Row:
    four = HIGHWAY[:4]
    with (
        tempfile.TemporaryDirectory() as folder,
        World(Path(folder), seed=1, language="en", scenario=SCENARIOS[Place.HIGHWAY]) as world,
    ):
        turns = [next(world.conductor.once(HIGHWAY[6:7]))]  # waits until presentations count
        began = time.monotonic()
        turns += world.conductor.once(four)
        took = time.monotonic() - began
    well = not any(turn.problems for turn in turns)
    beyond = took - DRIVE_UP_S - len(four) * OWN_S + KEYS * KEY_S
    return Row(
        name="modes.vehicle_of_four_overhead",
        value=beyond,
        unit="s",
        reference=f"{took:.1f} s in all, {len(four) * OWN_S:.1f} s the people's own, {KEYS} keys of {KEY_S} s added",
        limit=VEHICLE_LIMIT_S,
        ok=well and beyond <= VEHICLE_LIMIT_S,
    )
