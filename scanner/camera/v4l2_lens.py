"""Exposure, gain and focus of a V4L2 camera: what the configuration fixes is fixed, the rest follows the light."""

from __future__ import annotations

from typing import Final

from scanner.camera.adapt import LONGEST_US, SHARP_US, Limits, Setting
from scanner.camera.frame import CameraError
from scanner.camera.v4l2 import Control, ControlId, VideoDevice
from scanner.config.model import CameraSection

_MANUAL: Final = 1
_AUTOMATIC: Final = (3, 0)
"""Aperture priority is what webcams call automatic; other drivers know 0 only."""


class V4l2Lens:
    """The controls of one device, set up as a configuration asks."""

    def __init__(self, device: VideoDevice, section: CameraSection) -> None:
        """Set everything up. What the camera does not do is a sentence in `remarks`, never an error."""
        self._device = device
        self._remarks: list[str] = []
        self._exposure = self._usable(ControlId.EXPOSURE_US100)
        self._gain = self._usable(ControlId.GAIN) or self._usable(ControlId.ANALOGUE_GAIN)
        adapts_exposure = section.adapt and section.exposure == "auto"
        # A camera that may slow down in the dark gives ten blurred pictures a second instead of thirty.
        self._try(ControlId.EXPOSURE_SLOWS, 0)
        self._manual = self._set_exposure(section, adapts=adapts_exposure and self._exposure is not None)
        # Beside a camera's own automatic exposure, a gain that moves too would chase it.
        adapts_gain = section.adapt and section.gain == "auto" and self._manual
        self._set_gain(section, adapts=adapts_gain and self._gain is not None)
        self._set_focus(section)
        self.limits = Limits(
            _microseconds(self._exposure) if adapts_exposure and self._manual else None,
            (self._gain.least, self._gain.most) if adapts_gain and self._gain is not None else None,
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the camera does not do as it was asked."""
        return tuple(self._remarks)

    @property
    def adapts(self) -> bool:
        """Whether anything is left to follow the light."""
        return self.limits.exposure_us is not None or self.limits.gain is not None

    def now(self) -> Setting:
        """Return what the camera stands at; 0 for what it cannot tell. Raises CameraError when it is gone."""
        exposure = 0 if self._exposure is None else self._device.get(self._exposure.id) * 100
        gain = 0 if self._gain is None else self._device.get(self._gain.id)
        return Setting(exposure, float(gain))

    def set(self, setting: Setting) -> Setting:
        """Set what may follow the light, and return what the camera made of it. Raises CameraError when it is gone."""
        if self.limits.exposure_us is not None and self._exposure is not None:
            self._device.set(self._exposure.id, self._exposure.nearest(setting.exposure_us / 100))
        if self.limits.gain is not None and self._gain is not None:
            self._device.set(self._gain.id, self._gain.nearest(setting.gain))
        return self.now()

    def focus(self) -> int | None:
        """Return where the focus stands, None where the camera does not tell."""
        try:
            return self._device.get(ControlId.FOCUS)
        except CameraError:
            return None

    def close(self) -> None:
        """Let go of the device. Safe to call twice."""
        self._device.close()

    def _usable(self, which: ControlId) -> Control | None:
        control = self._device.control(which)
        return control if control is not None and control.writable and control.most > control.least else None

    def _set_exposure(self, section: CameraSection, *, adapts: bool) -> bool:
        """Return whether the exposure is ours now."""
        if section.exposure == "auto" and not adapts:
            if not any(self._try(ControlId.EXPOSURE_AUTO, mode) for mode in _AUTOMATIC) and section.adapt:
                self._remarks.append("its exposure cannot be set: it stays as the camera likes")
            return False
        asked = SHARP_US if section.exposure == "auto" else section.exposure
        self._try(ControlId.EXPOSURE_AUTO, _MANUAL)
        got = None if self._exposure is None else self._put(self._exposure, asked / 100)
        if got is None:
            self._remarks.append(f"its exposure cannot be set to {asked} µs")
        elif section.exposure != "auto" and abs(got * 100 - asked) > max(100, asked // 10):
            self._remarks.append(f"its exposure is {got * 100} µs, not {asked}")
        return got is not None

    def _set_gain(self, section: CameraSection, *, adapts: bool) -> None:
        if section.gain == "auto" and not adapts:
            self._try(ControlId.AUTO_GAIN, 1)
            return
        self._try(ControlId.AUTO_GAIN, 0)
        if section.gain == "auto":
            return
        got = None if self._gain is None else self._put(self._gain, section.gain)
        if got is None:
            self._remarks.append(f"its gain cannot be set to {section.gain:g}")
        elif got != round(section.gain):
            self._remarks.append(f"its gain is {got}, not {section.gain:g}")

    def _set_focus(self, section: CameraSection) -> None:
        if section.focus == "auto":
            self._try(ControlId.FOCUS_AUTO, 1)
            return
        self._try(ControlId.FOCUS_AUTO, 0)
        control = self._usable(ControlId.FOCUS)
        got = None if control is None else self._put(control, section.focus)
        if got is None:
            self._remarks.append(f"its focus cannot be set to {section.focus:g}")
        elif got != round(section.focus):
            self._remarks.append(f"its focus is {got}, not {section.focus:g}")

    def _put(self, control: Control, value: float) -> int | None:
        try:
            return self._device.set(control.id, control.nearest(value))
        except CameraError:
            return None

    def _try(self, which: ControlId, value: int) -> bool:
        """Set a control if there is one; False when there is none or it stays as it was."""
        if self._device.control(which) is None:
            return False
        try:
            return self._device.set(which, value) == value
        except CameraError:
            return False


def _microseconds(control: Control | None) -> tuple[int, int] | None:
    return None if control is None else (max(1, control.least) * 100, min(LONGEST_US, control.most * 100))
