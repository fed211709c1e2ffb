"""One line seen in slightly other ways: what is read the same in all of them is seldom wrong.

Each view is a pure function of a prepared line, `height width` uint8, dark on bright, and keeps
its width, so that the frames of all views stand for the same columns and can be averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import cv2
import numpy as np

from readapt.recognize.preprocess import PAPER
from readapt.types import Image

View: TypeAlias = Callable[[Image], Image]


def softer(line: Image) -> Image:
    """Blur by a little more than half a pixel."""
    return np.asarray(cv2.GaussianBlur(line, (0, 0), 0.7), np.uint8)


def lower(line: Image) -> Image:
    """Shrink the height by a tenth, paper above and below; the text becomes flatter."""
    return _squeezed(line, 0.9, 0.5)


def higher(line: Image) -> Image:
    """Cut a twentieth of the height off above and below; the text becomes taller."""
    height, width = line.shape
    cut = max(1, round(height / 20))
    inner = np.ascontiguousarray(line[cut : height - cut])
    return np.asarray(cv2.resize(inner, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _squeezed(line: Image, share: float, above: float) -> Image:
    """Scale the height to a `share` of itself, with `above` of what is left over above it."""
    height, width = line.shape
    inner = max(1, round(share * height))
    top = round(above * (height - inner))
    view = np.full_like(line, PAPER)
    view[top : top + inner] = cv2.resize(line, (width, inner), interpolation=cv2.INTER_AREA)
    return view


VIEWS: Final[Mapping[str, View]] = MappingProxyType(
    {"softer": softer, "lower": lower, "higher": higher}
)
"""By the name they are shown under."""
