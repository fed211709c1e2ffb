"""A real line cut as another detector, or a person, would have cut it.

A student that learns from lines as one detector cuts them reads those better, and lines in a
transcriber's tighter or looser boxes no better at all.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from readapt.recognize.preprocess import prepare_line
from readapt.types import Image

AROUND = 0.5
"""Margin in line heights, on all sides, of a cut that can be framed anew."""
_TIGHT = -0.12
"""Margin of the tightest frame: the ink itself, where there are no ascenders."""


def reframe(around: Image, rng: Generator, height: int) -> Image:
    """Draw a frame in a line cut with a margin of ``AROUND``; returns the line prepared.

    ``around`` is `H W` uint8 at any scale. Most frames have about a tenth of the line's height on
    each side; one in five has more above or below, and shows slivers of the neighbours.
    """
    rows, columns = around.shape
    line = rows / (1 + 2 * AROUND)
    margins = rng.normal(0.08, 0.1, 4)
    if rng.random() < 0.2:
        margins[int(rng.integers(2))] = rng.uniform(0.1, AROUND)
    margins = np.clip(margins, (_TIGHT, _TIGHT, -0.03, -0.03), AROUND)
    top, bottom, left, right = np.round((AROUND - margins) * line).astype(int)
    inside = around[top : rows - bottom, left : columns - right]
    return prepare_line(inside if min(inside.shape) > 1 else around, height)
