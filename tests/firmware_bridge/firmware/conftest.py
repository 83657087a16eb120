import pytest

from firmware_bridge.emulator.pico import InterpretedPico


@pytest.fixture
def pico(tmp_path):
    pico = InterpretedPico(tmp_path / "gate", tmp_path / "pico")
    pico.door(is_open=False)
    with pico:
        yield pico
