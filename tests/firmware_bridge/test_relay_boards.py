"""Relay boards: the published bytes, and what answers mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.emulator.modules import with_crc
from firmware_bridge.relay_boards import LcusBoard, ModbusBoard, Reply


@pytest.mark.parametrize(
    ("sent", "published"),
    [
        (LcusBoard().switch(on=True), "A00101A2"),
        (LcusBoard().switch(on=False), "A00100A1"),
        (LcusBoard(4).switch(on=True), "A00401A5"),
        (ModbusBoard().switch(on=True), "01050000FF008C3A"),
        (ModbusBoard().switch(on=False), "010500000000CDCA"),
        (ModbusBoard(times_pulses=True).pulse(500), "01100003000408000300000001000510BD"),
    ],
)
def test_commands_are_the_published_ones(sent, published):
    assert sent.hex().upper() == published


def test_a_pulse_that_the_board_times_is_never_shorter_than_asked_for():
    assert ModbusBoard(times_pulses=True).pulse(510)[-4:-2] == b"\x00\x06"
    assert ModbusBoard().pulse(500) == LcusBoard().pulse(500) == b""


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        ("01050000FF00", Reply.SWITCHED_ON),
        ("010500000000", Reply.SWITCHED_OFF),
        ("01010101", Reply.IS_ON),
        ("01010100", Reply.IS_OFF),
        ("011000030004", Reply.PULSED),
        ("018502", Reply.REFUSED),
    ],
)
def test_a_modbus_board_s_answers_are_read(body, reply):
    board = ModbusBoard()
    assert board.feed(b"\x01\x05noise" + with_crc(bytes.fromhex(body))) == [reply]
    assert board.complaint == ("it has no such register or coil" if reply is Reply.REFUSED else "")


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_bytes_make_a_board_raise_or_answer(pieces):
    board = ModbusBoard(unit=247)
    assert all(board.feed(piece) == [] for piece in pieces)
    assert len(board._reader._unread) < 8
