"""The order in which people read the lines of a page: columns, then rows, then left to right.

A page is cut at its widest gutter, if it has one, into bands: a line that spans the gutter (a
title) closes the band above it, and within a band the left column is read before the right. Each
column is treated alike, so three columns are a cut within a cut. What has no gutter is read by
rows. Fragments of one row, an item and its price, stand side by side in the order, because a
gutter asks for prose on both sides: lines that mostly fill a column of some width.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readapt.geometry import quad_angle, quad_size


@dataclass(frozen=True)
class OrderConfig:
    """What counts as a gutter and what as a row. Lengths in median line heights."""

    gutter: float = 0.5
    """Width of a gutter, at least."""
    column: float = 8.0
    """Width of a column, at least."""
    fill: float = 0.5
    """Share of the column that its lines fill, the gaps between rows left out, at least."""
    lines: int = 3
    """Lines in a column, at least."""
    spanning: float = 0.6
    """Share of the lines that may cross the gutter, at most."""
    side_by_side: float = 0.5
    """Share of the shorter column's height that lies beside the other column, at least."""
    row: float = 0.5
    """Lines of one row overlap in height by this share of the lower one's height, at least."""


@dataclass(frozen=True)
class _Boxes:
    """Upright boxes of the lines after the page's skew is turned away; one entry per line."""

    x1: NDArray[np.float64]
    y1: NDArray[np.float64]
    x2: NDArray[np.float64]
    y2: NDArray[np.float64]


def reading_order(quads: NDArray[np.float32], config: OrderConfig | None = None) -> list[int]:
    """Order lines for reading.

    Args:
        quads: ``n 4 2`` in page pixels, clockwise from the text's top-left.
        config: what counts as a gutter and as a row.

    Returns:
        A permutation of ``range(n)``: which line comes first, second, ... The same lines give the
        same order in whatever order they are handed in.

    """
    if len(quads) == 0:
        return []
    boxes = _upright(np.asarray(quads, np.float64))
    everything = np.lexsort((boxes.x2, boxes.y2, boxes.x1, boxes.y1))
    return [int(i) for i in _columns(everything, boxes, config or OrderConfig())]


def _upright(quads: NDArray[np.float64]) -> _Boxes:
    """Turn the page by the median direction of its text; each line becomes an upright box."""
    single = quads.astype(np.float32)
    sizes = np.array([quad_size(quad) for quad in single])
    directions = np.radians([quad_angle(quad) for quad in single])
    # Short fragments have no reliable direction: weight by length, and average as vectors.
    weights = sizes[:, 0]
    skew = np.arctan2((np.sin(directions) * weights).sum(), (np.cos(directions) * weights).sum())
    back = np.array([[np.cos(skew), -np.sin(skew)], [np.sin(skew), np.cos(skew)]])
    centres = quads.mean(axis=1) @ back
    half = sizes / 2
    low, high = centres - half, centres + half
    return _Boxes(low[:, 0], low[:, 1], high[:, 0], high[:, 1])


def _columns(some: NDArray[np.intp], boxes: _Boxes, config: OrderConfig) -> list[int]:
    """Order ``some`` lines: cut at the gutter if there is one, else by rows."""
    cut = _gutter(some, boxes, config)
    if cut is None:
        return _rows(some, boxes, config)
    left, right, spanning = cut
    middle = (boxes.y1 + boxes.y2) / 2  # decides in which band a line is
    spanning = spanning[np.argsort(middle[spanning], kind="stable")]
    edges = middle[spanning]
    order: list[int] = []
    for band in range(len(edges) + 1):
        for side in (left, right):
            inside = side[np.searchsorted(edges, middle[side]) == band]
            order += _columns(inside, boxes, config)
        order += [int(i) for i in spanning[band : band + 1]]
    return order


_Cut = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]


def _gutter(some: NDArray[np.intp], boxes: _Boxes, config: OrderConfig) -> _Cut | None:
    """Find the gutter that the fewest lines cross: lines left of it, right of it, and across."""
    if len(some) < 2 * config.lines:
        return None
    unit = float(np.median(boxes.y2[some] - boxes.y1[some]))
    best: tuple[int, float] | None = None
    found: _Cut | None = None
    for x in np.unique(np.round(boxes.x2[some])):
        is_left = boxes.x2[some] <= x + 0.5
        is_right = boxes.x1[some] >= x + config.gutter * unit
        across = int((~is_left & ~is_right).sum())
        if (
            min(is_left.sum(), is_right.sum()) < config.lines
            or across > config.spanning * len(some)
            or (best is not None and across > best[0])
        ):
            continue
        left, right = some[is_left], some[is_right]
        if not (
            _is_column(left, boxes, unit, config)
            and _is_column(right, boxes, unit, config)
            and _side_by_side(left, right, boxes) >= config.side_by_side
        ):
            continue
        width = float(boxes.x1[right].min() - boxes.x2[left].max())
        if best is None or (across, -width) < best:
            best = (across, -width)
            found = (left, right, some[~is_left & ~is_right])
    return found


def _is_column(some: NDArray[np.intp], boxes: _Boxes, unit: float, config: OrderConfig) -> bool:
    """Whether these lines are prose: a column of some width that they mostly fill."""
    x1, y1, x2, y2 = (side[some] for side in (boxes.x1, boxes.y1, boxes.x2, boxes.y2))
    width = float(x2.max() - x1.min())
    filled = float(((x2 - x1) * (y2 - y1)).sum())
    return width >= config.column * unit and filled >= config.fill * width * _covered(y1, y2)


def _covered(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """Length of the union of intervals."""
    by_start = np.argsort(low, kind="stable")
    low, high = low[by_start], high[by_start]
    reached = np.concatenate([low[:1], np.maximum.accumulate(high)[:-1]])
    return float(np.maximum(high - np.maximum(low, reached), 0).sum())


def _side_by_side(left: NDArray[np.intp], right: NDArray[np.intp], boxes: _Boxes) -> float:
    """Share of the shorter column's height that lies beside the other."""
    tops = [float(boxes.y1[some].min()) for some in (left, right)]
    bottoms = [float(boxes.y2[some].max()) for some in (left, right)]
    shared = min(bottoms) - max(tops)
    return shared / max(min(bottoms[0] - tops[0], bottoms[1] - tops[1]), 1e-9)


def _rows(some: NDArray[np.intp], boxes: _Boxes, config: OrderConfig) -> list[int]:
    """Order by rows: lines that overlap in height but not in width, from left to right."""
    middle = (boxes.y1 + boxes.y2) / 2
    rows: list[list[int]] = []
    for i in (int(i) for i in some[np.argsort(middle[some], kind="stable")]):
        for row in reversed(rows[-3:]):
            if all(_beside(i, j, boxes, config) for j in row):
                row.append(i)
                break
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda i: float(boxes.x1[i]))]


def _beside(i: int, j: int, boxes: _Boxes, config: OrderConfig) -> bool:
    """Whether two lines stand side by side in one row."""
    overlap = min(boxes.y2[i], boxes.y2[j]) - max(boxes.y1[i], boxes.y1[j])
    lower = min(boxes.y2[i] - boxes.y1[i], boxes.y2[j] - boxes.y1[j])
    shared = min(boxes.x2[i], boxes.x2[j]) - max(boxes.x1[i], boxes.x1[j])
    return bool(overlap >= config.row * lower and shared <= lower)
