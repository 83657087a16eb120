"""The light, simulated: a scene whose pixels are its luminance times exposure and gain, cut off at white."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.camera.adapt import (
    BAND,
    LONGEST_US,
    PEEK_AGAIN_S,
    SHARP_US,
    Adapter,
    Brightness,
    Limits,
    Setting,
    brightness,
)
from scanner.camera.frame import Box

FPS = 30
LIMITS = Limits((100, 30_000), (0.0, 100.0))
WHOLE = Box(0, 0, 1, 1)


class Place:
    """A camera in a place. Its gain of 0 to 100 is four stops; settings are seen three frames late."""

    def __init__(self, wall: float, *, phone: float | None = None, limits: Limits = LIMITS) -> None:
        self.wall, self.phone = wall, phone
        self.setting = Setting(SHARP_US, 0.0)
        self.adapter = Adapter(limits, self.setting)
        self._late = [self.setting] * 3
        self.count = 0
        self.changes: list[Setting] = []
        self.readable = 0

    def level(self, luminance: float, setting: Setting) -> float:
        return min(255.0, luminance * setting.exposure_us / SHARP_US * 2 ** (setting.gain / 100 * 4))

    def frame(self) -> None:
        self._late.append(self.setting)
        seen = self._late.pop(0)
        wall = self.level(self.wall, seen)
        share = 0.0 if self.phone is None else 0.05
        screen = 0.0 if self.phone is None else self.level(self.phone, seen)
        blown = (share if screen >= 250 else 0.0) + (1 - share if wall >= 250 else 0.0)
        region = Brightness(wall * (1 - share) + screen * share, blown)
        # A screen's dark modules are a fifth as bright as its light ones: when they are blown out too, nothing is read.
        readable = self.phone is not None and screen * 0.2 < 200 and screen > 40 and screen < 600
        readable = readable and self.level(self.phone or 0, seen) < 255
        self.readable += readable
        code = Brightness(screen * 0.6, 0.6 if screen >= 250 else 0.0) if readable else None
        self.count += 1
        wanted = self.adapter.update(region, code, self.count / FPS)
        if wanted is not None:
            self.setting = wanted
            self.changes.append(wanted)

    def run(self, seconds: float) -> float:
        for _ in range(round(seconds * FPS)):
            self.frame()
        return self.level(self.wall, self.setting)


@pytest.mark.parametrize("wall", [12, 40, 100, 200, 254])
def test_any_usual_light_is_followed_within_three_seconds_and_then_left_alone(wall: float) -> None:
    place = Place(wall)
    assert BAND[0] <= place.run(3) <= BAND[1]
    count = len(place.changes)
    place.run(10)
    assert len(place.changes) == count


def test_gain_is_raised_before_the_exposure_is_lengthened() -> None:
    place = Place(12)
    place.run(4)
    assert place.setting.exposure_us == SHARP_US
    assert place.setting.gain > 0


def test_when_gain_is_at_its_end_exposure_is_lengthened_but_never_beyond_what_a_hand_allows() -> None:
    place = Place(3)
    place.run(8)
    assert place.setting.gain == 100
    assert SHARP_US < place.setting.exposure_us <= LONGEST_US
    Place(0.01).run(8)
    darkest = Place(0.01)
    darkest.run(8)
    assert darkest.setting.exposure_us == LONGEST_US


def test_when_light_comes_the_long_exposure_goes_first() -> None:
    place = Place(3)
    place.run(8)
    place.wall = 12
    place.run(4)
    assert place.setting.exposure_us == SHARP_US


def test_the_sun_is_met_with_a_short_exposure() -> None:
    place = Place(4000)
    assert BAND[0] <= place.run(4) <= BAND[1]
    assert place.setting.exposure_us < SHARP_US


def test_a_flickering_lamp_within_the_band_is_not_chased() -> None:
    place = Place(100)
    for number in range(300):
        place.wall = 85 if number % 3 else 130
        place.frame()
    assert place.changes == []


def test_a_bright_phone_in_the_dark_is_read_by_a_darker_look_that_is_kept_while_it_reads() -> None:
    place = Place(40)
    place.run(3)
    place.phone = 180  # with the gain that the dark wall needs, 60 % and more of it is white
    place.run(3)
    assert place.readable > FPS
    held = len(place.changes)
    place.run(4)
    assert len(place.changes) - held <= 3


def test_a_lamp_that_is_no_code_is_looked_at_darkly_now_and_then_only() -> None:
    place = Place(90, phone=50_000)
    place.run(20)
    dark = sum(1 for setting in place.changes if setting.exposure_us < SHARP_US)
    assert 1 <= dark <= 20 / PEEK_AGAIN_S + 1
    assert place.setting.exposure_us in (SHARP_US, SHARP_US // 4)


def test_after_a_look_in_vain_the_setting_is_as_it_was() -> None:
    place = Place(90, phone=50_000)
    before = place.setting
    place.run(1)
    assert place.setting.exposure_us == SHARP_US // 4
    place.run(1.5)
    assert place.setting == before


def test_what_the_configuration_fixes_is_never_moved() -> None:
    place = Place(12, limits=Limits(None, (0.0, 100.0)))
    place.run(5)
    assert {setting.exposure_us for setting in place.changes} == {SHARP_US}
    other = Place(12, limits=Limits((100, 30_000), None))
    other.run(5)
    assert {setting.gain for setting in other.changes} == {0.0}


def test_what_the_camera_made_of_it_is_believed() -> None:
    adapter = Adapter(LIMITS, Setting(0, 0.0))
    assert adapter.setting.exposure_us == 100  # a camera that does not know says 0
    adapter.obeyed(Setting(2000, 3.0))
    assert adapter.setting == Setting(2000, 3.0)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 255), st.floats(0, 1), st.booleans()), max_size=60),
    st.integers(0, 2_000_000),
    st.floats(-10, 500),
)
def test_whatever_is_seen_settings_stay_within_the_limits(
    seen: list[tuple[float, float, bool]], exposure: int, gain: float
) -> None:
    adapter = Adapter(LIMITS, Setting(exposure, min(100.0, max(0.0, gain))))
    for number, (mean, blown, read) in enumerate(seen):
        light = Brightness(mean, blown)
        wanted = adapter.update(light, light if read else None, number * 0.3)
        if wanted is not None:
            assert 100 <= wanted.exposure_us <= 30_000
            assert 0 <= wanted.gain <= 100


def test_brightness_is_measured_where_it_is_asked_for() -> None:
    grey = np.full((200, 400), 50, np.uint8)
    grey[50:100, 100:200] = 255
    inside, whole = brightness(grey, Box(0.25, 0.25, 0.25, 0.25)), brightness(grey, WHOLE)
    assert (inside.mean, inside.blown) == (255, 1)
    assert whole.blown == pytest.approx(1 / 16, abs=0.01)
    assert brightness(grey, Box(2, 2, 1, 1)).mean == 50
