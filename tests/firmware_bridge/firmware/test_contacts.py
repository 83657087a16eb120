"""Button and door: bounces, presses, a door that is held or forced."""

import pytest

from firmware_bridge import link
from firmware_bridge.firmware.contacts import SETTLE_MS, Button, Contact, Door

HELD_S = 10


class Doorway:
    """A door, with its time."""

    def __init__(self, is_open: bool = False) -> None:
        self.door = Door()
        self.now = 0
        self.tick(is_open)

    def fit(self) -> "Doorway":
        self.door.fit(fitted=True, held_s=HELD_S)
        return self

    def tick(self, is_open: bool, passable: bool = False, seconds: float = 0.0) -> int:
        """Let time pass with the door so; returns its state."""
        for _ in range(1 + round(seconds * 100)):
            self.now += 10
            self.door.tick(is_open, passable, self.now)
        return self.door.state

    def move(self, is_open: bool, passable: bool = False) -> int:
        """Move it, and let it settle."""
        return self.tick(is_open, passable, seconds=2 * SETTLE_MS / 1000)


def test_a_contact_that_bounces_has_moved_once():
    contact = Contact()
    contact.tick(False, 0)
    changes = [contact.tick(on, at) for at, on in enumerate([True, False, True, False] + [True] * 60)]
    assert changes.count(True) == 1
    assert contact.on


def test_a_glitch_is_no_change():
    contact = Contact()
    contact.tick(False, 0)
    assert not any(contact.tick(at % 50 < SETTLE_MS - 5, at) for at in range(1, 1000))


def test_a_press_counts_once_however_long_it_is_held():
    button = Button()
    assert [button.tick(100 < at < 5000, at) for at in range(0, 6000, 10)].count(True) == 1
    assert button.presses == 1


def test_a_button_that_is_stuck_from_the_start_calls_nobody():
    button = Button()
    assert not any(button.tick(True, at) for at in range(0, 1000, 10))


def test_without_a_contact_nothing_is_known_of_the_door():
    doorway = Doorway()
    assert doorway.move(is_open=True) == link.DOOR_UNKNOWN
    assert doorway.door.forcings == 0


def test_a_door_that_opens_after_a_pulse_is_open_and_then_shut():
    doorway = Doorway().fit()
    assert doorway.tick(is_open=False) == link.DOOR_SHUT
    assert doorway.move(is_open=True, passable=True) == link.DOOR_OPEN
    assert doorway.tick(is_open=True, seconds=HELD_S - 1) == link.DOOR_OPEN
    assert doorway.move(is_open=False) == link.DOOR_SHUT
    assert doorway.door.forcings == 0


def test_a_door_that_stands_open_is_held_and_a_shut_one_no_longer():
    doorway = Doorway().fit()
    doorway.move(is_open=True, passable=True)
    assert doorway.tick(is_open=True, seconds=HELD_S + 1) == link.DOOR_HELD
    assert doorway.move(is_open=False) == link.DOOR_SHUT


def test_the_next_person_let_through_an_open_door_starts_its_time_anew():
    doorway = Doorway().fit()
    doorway.move(is_open=True, passable=True)
    assert doorway.tick(is_open=True, seconds=HELD_S + 1) == link.DOOR_HELD
    assert doorway.tick(is_open=True, passable=True) == link.DOOR_OPEN
    assert doorway.tick(is_open=True, seconds=HELD_S - 1) == link.DOOR_OPEN


def test_a_door_that_opens_by_itself_is_forced_until_it_is_shut():
    doorway = Doorway().fit()
    assert doorway.move(is_open=True) == link.DOOR_FORCED
    assert doorway.tick(is_open=True, passable=True, seconds=HELD_S + 5) == link.DOOR_FORCED
    assert doorway.move(is_open=False) == link.DOOR_SHUT
    assert doorway.door.forcings == 1


def test_a_cut_wire_is_an_opened_door():
    assert Doorway().fit().move(is_open=True) == link.DOOR_FORCED


@pytest.mark.parametrize("wait_s", [0.0, 1.0])
def test_a_door_found_open_was_not_forced(wait_s):
    doorway = Doorway(is_open=True)
    doorway.tick(is_open=True, seconds=wait_s)
    assert doorway.fit().tick(is_open=True) == link.DOOR_OPEN
    assert doorway.door.forcings == 0


def test_a_door_found_open_is_held_some_time_later():
    doorway = Doorway(is_open=True)
    doorway.tick(is_open=True, seconds=5 * HELD_S)
    doorway.fit()
    assert doorway.tick(is_open=True, seconds=HELD_S - 1) == link.DOOR_OPEN
    assert doorway.tick(is_open=True, seconds=2) == link.DOOR_HELD


def test_the_same_settings_again_forget_nothing():
    doorway = Doorway().fit()
    doorway.move(is_open=True)
    assert doorway.fit().tick(is_open=True) == link.DOOR_FORCED


def test_a_contact_that_is_no_longer_fitted_is_forgotten():
    doorway = Doorway().fit()
    doorway.move(is_open=True)
    doorway.door.fit(fitted=False, held_s=0)
    assert doorway.tick(is_open=True) == link.DOOR_UNKNOWN
