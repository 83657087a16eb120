"""The lamp: every light a shape and a colour of its own, within what the Pico's supply bears."""

import itertools

import pytest

from firmware_bridge import link
from firmware_bridge.firmware.lamp import DARK, LIGHTS, MOST_MA, SIDE, STEP_MS, Lamp, Panel, draw, milliamperes
from firmware_bridge.values import Light


class Shown(Panel):
    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def pixels(self, grb: bytearray) -> None:
        self.sent.append(bytes(grb))


def lit(picture: tuple[int, ...]) -> set[tuple[int, int]]:
    return {(row, column) for row in range(SIDE) for column in range(SIDE) if picture[row] & (0x80 >> column)}


def test_every_light_of_the_link_has_pictures():
    assert len(LIGHTS) == link.LIGHTS == len(Light)


def test_shapes_differ_without_their_colours():
    """In a quarter of what two of them light and more: nobody has to count pixels."""
    shapes = [lit(pictures[0]) for _, pictures in LIGHTS]
    for one, other in itertools.combinations(shapes, 2):
        assert len(one ^ other) >= len(one | other) / 4


def test_colours_differ():
    assert len({colour for colour, _ in LIGHTS}) == len(LIGHTS)


@pytest.mark.parametrize("light", list(Light))
def test_no_picture_draws_more_than_the_supply_bears(light):
    colour, pictures = LIGHTS[list(Light).index(light)]
    assert 0 < max(milliamperes(draw(picture, colour)) for picture in pictures) <= MOST_MA


def test_pass_is_a_check_in_green_stop_a_cross_in_red_and_refer_an_exclamation_mark_in_amber():
    drawn = []
    for light in (Light.PASS, Light.REFER, Light.STOP):
        colour, pictures = LIGHTS[list(Light).index(light)]
        rows = ["".join(".#"[bool(row & (0x80 >> column))] for column in range(SIDE)) for row in pictures[0]]
        drawn.append((colour, rows))
    assert drawn == [
        ((0, 110, 0), ["........", ".......#", "......##", "#....##.", "##..##..", ".####...", "..##....", "........"]),
        ((110, 60, 0), ["...##..."] * 5 + ["........"] + ["...##..."] * 2),
        ((120, 0, 0), ["#......#", "##....##", ".##..##.", "..####..", "..####..", ".##..##.", "##....##", "#......#"]),
    ]


def test_pixels_are_sent_as_green_red_blue_from_the_top_left():
    sent = draw((0x80, 0, 0, 0, 0, 0, 0, 0x01), (1, 2, 3))
    assert (bytes(sent[:3]), bytes(sent[-3:]), sum(sent)) == (b"\x02\x01\x03", b"\x02\x01\x03", 12)


def test_a_picture_that_stands_is_sent_once():
    panel = Shown()
    lamp = Lamp(panel, list(Light).index(Light.PASS))
    for now in range(0, 5000, 5):
        lamp.tick(now)
    assert len(panel.sent) == 1


def test_a_picture_that_moves_is_sent_at_every_step():
    panel = Shown()
    lamp = Lamp(panel, list(Light).index(Light.MEASURING))
    for now in range(0, 10 * STEP_MS, 5):
        lamp.tick(now)
    assert len(panel.sent) == 10
    assert len(set(panel.sent)) == 2


def test_another_light_is_sent_with_the_next_tick():
    panel = Shown()
    lamp = Lamp(panel, link.OUT_OF_SERVICE)
    lamp.tick(0)
    assert lamp.show(list(Light).index(Light.STOP))
    assert not lamp.show(list(Light).index(Light.STOP))
    lamp.tick(1)
    assert panel.sent[1] == bytes(draw(LIGHTS[4][1][0], LIGHTS[4][0]))
    assert panel.sent[1] != bytes(draw(LIGHTS[4][1][0], DARK))
