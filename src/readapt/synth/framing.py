"""The crop of a line that a detector or a person would cut, with what is above and below."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from readapt.synth.degrade import Grey
from readapt.synth.render import Rendering

_CLOSE = 0.2
"""Share of the lines that are cut at their first ink, and at their last, or just within it."""


def squeeze(rng: Generator) -> float:
    """Draw a factor on the width: condensed and extended types."""
    return float(np.exp(rng.uniform(-0.3, 0.25)))


def frame(
    line: Rendering, size: int, rng: Generator
) -> tuple[Grey, NDArray[np.float32], tuple[int, int, int, int]]:
    """Set the line on a larger canvas, and draw the crop a detector or a person would cut.

    Returns the ink on the canvas, the character quads there, and the crop's left, top, right,
    bottom. Crops hug the ink, or cut a little of it off, or leave paper around it, and may show
    slivers of the lines above and below.
    """
    above = int(0.8 * size)
    side = int(0.2 * size) + int(rng.gamma(1.0, 0.5) * size) if rng.random() < 0.6 else 2
    ink = np.pad(line.ink, ((above, above), (side, side)))
    quads = line.characters + np.array([side, above], np.float32)
    rows = np.flatnonzero(line.ink.max(axis=1) > 0.3)
    first, last = (rows[0], rows[-1]) if rows.size else line.body
    ascender, descender = line.body
    if rng.random() < 0.35:
        low, high = float(first), float(last) + 1
        low -= rng.uniform(-0.03, 0.2) * size
        high += rng.uniform(-0.03, 0.2) * size
    else:
        low = min(ascender, float(first)) - abs(rng.normal(0, 0.16)) * size
        high = max(descender, float(last)) + abs(rng.normal(0, 0.16)) * size
    if rng.random() < 0.12:
        low -= rng.uniform(0.1, 0.6) * size
        high += rng.uniform(0.1, 0.6) * size
    if rng.random() < 0.3:
        pitch = int((descender - ascender) * rng.uniform(0.95, 1.5))
        for shift in (-pitch, pitch):
            if rng.random() < 0.7:
                other = np.roll(line.ink[:, ::-1], int(rng.integers(line.ink.shape[1])), axis=1)
                other = other[:, ::-1]
                y = above + shift
                y0, y1 = max(y, 0), min(y + other.shape[0], ink.shape[0])
                if y1 > y0:
                    part = ink[y0:y1, side : side + other.shape[1]]
                    np.maximum(part, other[y0 - y : y1 - y], out=part)
    starts, ends = quads[0, 0, 0], quads[-1, 1, 0]
    left = max(0, int(starts - side * rng.random() - 0.06 * size))
    right = min(ink.shape[1], int(ends + side * rng.random() + 0.08 * size) + 1)
    columns = np.flatnonzero(line.ink.max(axis=0) > 0.3) + side
    if columns.size and rng.random() < _CLOSE:
        left = max(0, int(columns[0] - rng.uniform(-0.04, 0.06) * size))
    if columns.size and rng.random() < _CLOSE:
        right = min(ink.shape[1], int(columns[-1] + 1 + rng.uniform(-0.04, 0.06) * size))
    right = max(right, left + 4)
    top = max(0, int(low) + above)
    bottom = int(min(ink.shape[0], max(int(np.ceil(high)) + above, top + 6)))
    return ink, quads, (left, top, right, bottom)
