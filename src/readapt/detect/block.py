"""Greedy suppression of boxes block by block, for piles, where most of them touch.

The best few settle among themselves who is kept; those are then compared with all others at once,
which costs nothing but arithmetic, and most of a pile is gone after a few blocks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from readapt.detect.near import Floats, Indices

_FIRST, _GROWTH, _MOST = 16, 1.5, 64
"""Boxes of the first block, growth from block to block, boxes of the largest."""
_CELLS = 8192
"""Pairs compared at once: what is computed of them stays in the cache."""


def wear_down_boxes(
    bounds: Floats,
    areas: Floats,
    left: Indices,
    threshold: float,
    still: Callable[[Indices], bool],
) -> tuple[Indices, Indices]:
    """Keep the best of ``left`` block by block, as long as what is left is a pile ``still``.

    ``bounds`` is ``4 n`` (``x1 y1 x2 y2``), ``areas`` ``n``; ``left``, ascending, stand from the
    best score down. Returns who is kept, and who is left.
    """
    boxes, area = bounds[:, left], areas[left]
    space = np.empty((3, max(_CELLS, _MOST * _MOST)))
    kept = [left[:0]]
    size = float(_FIRST)
    with np.errstate(invalid="ignore"):  # 0 / 0, of what has no area
        while len(left) and still(left):
            count = min(int(size), len(left))
            best = _settle(boxes[:, :count], area[:count], threshold, space)
            kept.append(left[best])
            stays = np.ones(len(left) - count, bool)
            step = _CELLS // len(best)
            for start in range(count, len(left), step):
                part = slice(start, start + step)
                hits = _over(
                    boxes[:, part], area[part], boxes[:, best], area[best], threshold, space
                )
                stays[start - count : start - count + step] = ~hits.any(0)
            rest = count + np.flatnonzero(stays)
            left, boxes, area = left[rest], boxes.take(rest, axis=1), area[rest]
            size = min(size * _GROWTH, _MOST)
    return np.concatenate(kept), left


def _settle(boxes: Floats, area: Floats, threshold: float, space: Floats) -> Indices:
    """Places of those that are kept among themselves."""
    hits = _over(boxes, area, boxes, area, threshold, space)
    alive = np.ones(len(area), bool)
    kept = []
    for place, row in enumerate(hits):
        if alive[place]:
            kept.append(place)
            alive &= ~row
    return np.array(kept, np.intp)


def _over(
    boxes: Floats, area: Floats, kept: Floats, kept_area: Floats, threshold: float, space: Floats
) -> NDArray[np.bool_]:
    """Whether each of ``kept`` (rows) overlaps each of ``boxes`` (columns) too much."""
    x1, y1, x2, y2 = boxes
    a1, b1, a2, b2 = kept[:, :, None]
    size = len(kept_area) * len(area)
    shared, height, other = (s[:size].reshape(len(kept_area), len(area)) for s in space)
    np.minimum(x2, a2, out=shared)
    shared -= np.maximum(x1, a1, out=other)
    np.minimum(y2, b2, out=height)
    height -= np.maximum(y1, b1, out=other)
    np.maximum(shared, 0.0, out=shared)
    shared *= height  # below 0 where the heights do not meet
    union = np.add(area, kept_area[:, None], out=other)
    union -= shared
    shared /= union
    hits: NDArray[np.bool_] = shared > threshold
    return hits
