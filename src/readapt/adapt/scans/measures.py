"""How lines look in numbers: stroke width, density, contrast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from readapt.types import Image

QUANTILES = (0.1, 0.5, 0.9)
"""Of the lines of a collection, which are given."""
_CONTRAST = 20
"""Levels between ink and paper below which nothing is measured."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What a line looks like."""

    stroke: float
    """Width of its strokes in pixels, twice its ink's area over the length of its edges."""
    density: float
    """Share of the pixels in its rows of text that is ink."""
    contrast: float
    """Levels from its ink to its paper, 0 to 255."""


def measure_line(line: Image) -> Measures | None:
    """Measure a prepared line, `height width` uint8, dark on bright; None where there is no ink.

    Ink is what is darker than the middle between the line's darkest fiftieth and its median.
    """
    ink_level, paper = (float(q) for q in np.quantile(line, (0.02, 0.5)))
    if paper - ink_level < _CONTRAST:
        return None
    ink = (line < (ink_level + paper) / 2).astype(np.uint8)
    rows = ink.sum(axis=1)
    text = ink[rows > 0.12 * rows.max()]
    outlines, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    edges = sum(cv2.arcLength(outline, True) for outline in outlines)
    area = float(ink.sum())
    return Measures(2 * area / max(edges, 1.0), float(text.mean()), paper - ink_level)


def describe(lines: Sequence[Image]) -> dict[str, list[float]]:
    """Give the 10, 50 and 90 % quantile of each measure over prepared lines; {} without any ink."""
    found = [measures for line in lines if (measures := measure_line(line)) is not None]
    if not found:
        return {}
    return {
        "stroke width, pixels": quantiles([one.stroke for one in found], 1),
        "ink, share of the text's rows": quantiles([one.density for one in found], 3),
        "contrast, levels": quantiles([one.contrast for one in found], 0),
    }


def quantiles(values: Sequence[float], digits: int) -> list[float]:
    """Return the quantiles that are given of a collection, rounded."""
    return [round(float(q), digits) for q in np.quantile(np.asarray(values, float), QUANTILES)]
