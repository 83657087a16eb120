"""How sharp a picture is, as a number to turn a lens by. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from scanner.camera.frame import Box, Grey


def sharpness(grey: Grey, box: Box) -> float:
    """Return 0 (nothing, or all blurred) to about 100 for the part of a picture in `box`, as fractions of it.

    It is the strength of its finest edges over its contrast, after smoothing away the sensor's noise: of the same
    scene a sharper picture has more, and neither light nor gain matters much.
    """
    height, width = grey.shape
    left, top = int(box.left * width), int(box.top * height)
    part = grey[top : top + max(8, int(box.height * height)), left : left + max(8, int(box.width * width))]
    smooth = cv2.GaussianBlur(part, (3, 3), 0)
    contrast = float(np.std(smooth))
    if contrast < 1.0:
        return 0.0
    edges = np.asarray(cv2.Laplacian(smooth, cv2.CV_32F))
    return min(100.0, 100.0 * float(np.std(edges)) / contrast)
