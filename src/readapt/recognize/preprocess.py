"""The one preprocessing of line images: training, export and reading all call it.

A line of any size becomes a grey `height width` image of the recognizer's height, dark text on
bright paper, paper near `PAPER`. The scaling of the levels to floats is inside the network's graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from readapt.types import Image

PAPER: Final = 230
"""Level that paper is stretched to, and that fills a batch to the right of shorter lines."""
MIN_SPAN: Final = 60
"""Fewer levels than this between ink and paper are not stretched to the full range: blank paper
would become noise."""
MAX_ASPECT: Final = 4000
"""Width over height of the longest line that is believed."""


def prepare_line(image: Image, height: int) -> Image:
    """Grey, dark on bright, contrast stretched, scaled to `height` with its aspect kept.

    `image` is `H W` or `H W 3` RGB uint8 of any size, at least 1 x 1. Returns `height width`
    uint8, width at least 1. Light text on dark is inverted.
    """
    return stretch(_scaled(_grey(image), height))


def prepare_colour(image: Image, height: int) -> Image:
    """Prepare a line as :func:`prepare_line` does, with its colours kept: `height width 3`.

    The levels of red, green and blue are moved as those of the grey line would be: its luminance
    is what :func:`prepare_line` returns, but for what leaves the range and rounding.
    """
    scaled = _scaled(image if image.ndim == 3 else np.repeat(image[..., None], 3, 2), height)
    return np.asarray(levels_of(_grey(scaled))[scaled])


def _grey(image: Image) -> Image:
    import cv2

    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), np.uint8)


def _scaled(image: Image, height: int) -> Image:
    import cv2

    rows, columns = image.shape[:2]
    width = int(np.clip(round(columns * height / rows), 1, MAX_ASPECT * height))
    how = cv2.INTER_AREA if rows > height else cv2.INTER_LINEAR
    scaled = cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=how)
    return np.asarray(scaled, np.uint8)


def stretch(grey: Image) -> Image:
    """Map ink to 0 and paper to `PAPER`, by a robust estimate of both.

    `grey` is `H W` uint8; the same for the result. The darker (or, in inverted text, brighter)
    percentile is ink; the 85th (15th) is paper.
    """
    return np.asarray(levels_of(grey)[grey])


def levels_of(grey: Image) -> NDArray[np.uint8]:
    """Return the 256 levels that :func:`stretch` gives the levels of an `H W` uint8 image."""
    histogram = np.bincount(grey.ravel(), minlength=256)
    share = np.cumsum(histogram) / grey.size
    low, dim, middle, bright, high = np.searchsorted(share, (0.01, 0.15, 0.5, 0.85, 0.99))
    levels = np.arange(256, dtype=np.float32)
    # Ink is the longer tail: on dark paper, what stands out is brighter than the paper.
    if middle < 128 and high - middle > 1.5 * (middle - low):
        levels = 255 - levels
        ink, paper = 255 - float(high), 255 - float(dim)
    else:
        ink, paper = float(low), float(bright)
    span = max(paper - ink, MIN_SPAN)
    table: NDArray[np.float32] = np.clip((levels - (paper - span)) * (PAPER / span), 0, 255)
    return np.asarray(table.astype(np.uint8))


def batch_lines(
    lines: Sequence[Image], multiple: int = 32
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Stack prepared lines of one height into `batch height width`, paper to their right.

    The width is the longest line's, rounded up to a `multiple`. Also returns each line's own
    width; frames beyond it mean nothing.
    """
    widths = np.array([line.shape[1] for line in lines], np.int64)
    width = -(-int(widths.max()) // multiple) * multiple
    batch = np.full((len(lines), lines[0].shape[0], width), PAPER, np.uint8)
    for row, line in zip(batch, lines, strict=True):
        row[:, : line.shape[1]] = line
    return batch, widths
