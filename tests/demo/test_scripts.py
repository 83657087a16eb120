"""The three scripts, and two of them played to their end."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from demo.processes import ROOT
from demo.scripts import HIGHWAY, SCENARIOS, Ending, Place
from scanner.plates import is_plate


@pytest.mark.parametrize("place", Place)
def test_everybody_in_a_script_is_told_apart(place: Place) -> None:
    people = SCENARIOS[place].people
    assert len({person.key for person in people}) == len(people)


def test_every_vehicle_has_a_plate_and_comes_after_the_one_before_has_gone() -> None:
    here = False
    for person in HIGHWAY:
        assert here != (person.begins is not None)
        if person.begins is not None:
            assert is_plate(person.begins.plate)
        here = person.ends is None
    assert not here


def test_a_vehicle_is_turned_away_only_after_one_was_put_aside() -> None:
    ends = [person.ends for person in HIGHWAY if person.ends is not None]
    assert ends.index(Ending.SET_ASIDE) < ends.index(Ending.TURNED_AWAY)
    assert all(one is not other or one is Ending.RELEASED for one, other in pairwise(ends))


def test_a_scene_that_does_not_exist_is_refused_with_those_that_do() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--scene", "airport"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert all(place in run.stderr for place in Place)


@pytest.mark.soak
@pytest.mark.timeout(240)
@pytest.mark.parametrize("place", [Place.HIGHWAY, Place.KIOSK])
def test_a_scene_goes_as_it_is_written(place: Place) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--json", "--scene", place],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=220,
    )
    summary = json.loads(run.stdout.splitlines()[-1])["summary"]
    assert (run.returncode, summary["unexpected"], summary["journal_verified"]) == (0, 0, True), run.stdout
