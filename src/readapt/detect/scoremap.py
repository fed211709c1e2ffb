"""From the detector's maps to quads, one per text line; and the shrinking that both sides share.

The network marks the *core* of every line: its middle ``CORE_HEIGHT`` of the height, cut at both
ends by ``CORE_END`` heights (by ``CORE_END_SHARE`` of the length where that is less, so that a
single character keeps a core). Cores never touch, not even where lines do. For every cell of a
core the network also says how far the line's upper and lower edge are, so the height comes back
exactly; the length follows from the core's by undoing the cut (``line_length``).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

CORE_HEIGHT = 0.5
"""Height of a core, in line heights."""

CORE_END = 0.25
"""What is cut off each end of a line to get its core, in line heights, at most."""

CORE_END_SHARE = 0.2
"""... and in line lengths, at most."""


@dataclass(frozen=True)
class ScoremapConfig:
    """How a score map becomes quads."""

    threshold: float = 0.4
    """A cell with at least this score belongs to a core. In (0, 1)."""
    split_thresholds: tuple[float, ...] = (0.7, 0.85)
    """Tried in turn on cores that are too thick to be one line: touching neighbours."""
    split_thickness: float = 1.3
    """A core thicker than this share of its line's height is tried for splitting."""
    min_score: float = 0.7
    """Mean score of a core's cells, at least."""
    min_height: float = 4.0
    """Height of a line in pixels of the map's page, at least."""
    min_cells: int = 2
    """Cells of a core, at least."""
    elongation: float = 2.0
    """A core this many times longer than thick may have its own direction."""
    steady_length: float = 8.0
    """Lines at least this many heights long turn as they were found; shorter ones lean towards the
    direction of the page, which a few cells cannot tell so well."""
    edge_spread: float = 1.2
    """Standard deviations of its edges by which a line is widened: room for curved lines ..."""
    edge_noise: float = 0.05
    """... but for so many heights of deviation, which straight lines have too."""


def core_cut(length: float, height: float) -> float:
    """Return what is cut off each end of a line of this length and height, in the same unit."""
    return min(CORE_END * height, CORE_END_SHARE * length)


def line_length(core: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths of lines from the lengths of their cores and the heights of the lines.

    The inverse of ``length - 2 core_cut(length, height)``; element by element.
    """
    return np.minimum(core + 2 * CORE_END * height, core / (1 - 2 * CORE_END_SHARE))


@dataclass(frozen=True)
class _Lines:
    """Cores and the lines fitted to them: one entry per core, lengths in pixels."""

    labels: NDArray[np.int32]
    """``height width``: which core a cell belongs to, 0 for none."""
    label: NDArray[np.int32]
    centre: NDArray[np.float64]
    """``n 2``: a point on the line."""
    direction: NDArray[np.float64]
    """``n 2``: unit vector of the text's direction."""
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    """Ends of the core along the direction, from ``centre``."""
    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    """Edges of the line across the direction, from ``centre``."""
    thickness: NDArray[np.float64]
    """Extent of the core across the direction."""
    answered: NDArray[np.float64]
    """Mean height of the line as the cells answered it: not more for several lines in one."""
    score: NDArray[np.float64]
    cells: NDArray[np.intp]

    @property
    def height(self) -> NDArray[np.float64]:
        return self.bottom - self.top


def find_lines(
    scores: NDArray[np.float32],
    edges: NDArray[np.float32],
    stride: int,
    config: ScoremapConfig | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Text lines of one page from the network's maps.

    Args:
        scores: ``height width`` in [0, 1], one cell per ``stride`` pixels on each axis.
        edges: ``2 height width``, pixels from a cell's centre to its line's upper and lower edge.
        stride: pixels per cell.
        config: thresholds.

    Returns:
        Quads ``n 4 2`` float32 in pixels, clockwise from the text's top-left, and scores ``n``
        float32 in [0, 1], both in order of the cores' first cells from the top. Empty, not an
        error, where there is no text. Degenerate lines are dropped.

    """
    config = config or ScoremapConfig()
    mask = scores >= config.threshold
    lines = _lines(mask, scores, edges, stride, config)
    for threshold in config.split_thresholds:
        thick = lines.thickness > config.split_thickness * lines.answered + stride
        if not thick.any():
            break
        # Several lines grown together: their weakest cells are the bridges between them.
        mask &= (scores >= threshold) | ~np.isin(lines.labels, lines.label[thick])
        lines = _lines(mask, scores, edges, stride, config)
    keep = (
        (lines.score >= config.min_score)
        & (lines.cells >= config.min_cells)
        & (lines.height >= config.min_height)
        & (lines.end > lines.start)
    )
    return _quads(lines)[keep].astype(np.float32), lines.score[keep].astype(np.float32)


def _lines(
    mask: NDArray[np.bool_],
    scores: NDArray[np.float32],
    edges: NDArray[np.float32],
    stride: int,
    config: ScoremapConfig,
) -> _Lines:
    """Fit a line to every core: every connected piece of ``mask``."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    rows, columns = np.nonzero(labels)
    order = np.argsort(labels[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    core = labels[rows, columns].astype(np.intp) - 1
    n = count - 1
    x = np.asarray((columns + 0.5) * stride, np.float64)
    y = np.asarray((rows + 0.5) * stride, np.float64)
    score = scores[rows, columns].astype(np.float64)
    first = np.searchsorted(core, np.arange(n))
    cells = np.bincount(core, minlength=n)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(core, values, n) / np.maximum(cells, 1), np.float64)

    def extent(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if n == 0:
            return np.zeros(0), np.zeros(0)
        return np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)

    cx, cy = mean(x), mean(y)
    dx, dy = x - cx[core], y - cy[core]
    above: NDArray[np.float64]
    below: NDArray[np.float64]
    above, below = edges[:, rows, columns].astype(np.float64)
    height = mean(above + below)
    angle = _directions(mean(dx * dx), mean(dx * dy), mean(dy * dy), height, config)
    cos, sin = np.cos(angle), np.sin(angle)
    along = dx * cos[core] + dy * sin[core]
    across = dy * cos[core] - dx * sin[core]
    # Half a cell on each side: a cell is in the core when about half of it is.
    half = 0.5 * stride * (np.abs(cos) + np.abs(sin))
    start, end = extent(along)
    upper, lower = extent(across)
    up = across - above
    down = across + below
    top, bottom = mean(up), mean(down)
    noise = config.edge_noise * height
    bend_top = np.maximum(np.sqrt(mean((up - top[core]) ** 2)) - noise, 0)
    bend_bottom = np.maximum(np.sqrt(mean((down - bottom[core]) ** 2)) - noise, 0)
    top, bottom = top - config.edge_spread * bend_top, bottom + config.edge_spread * bend_bottom
    return _Lines(
        labels=np.asarray(labels, np.int32),
        label=np.arange(1, count, dtype=np.int32),
        centre=np.stack([cx, cy], -1),
        direction=np.stack([cos, sin], -1),
        start=start - half,
        end=end + half,
        top=top,
        bottom=bottom,
        thickness=lower - upper + 2 * half,
        answered=height,
        score=mean(score),
        cells=cells,
    )


def _directions(
    xx: NDArray[np.float64],
    xy: NDArray[np.float64],
    yy: NDArray[np.float64],
    height: NDArray[np.float64],
    config: ScoremapConfig,
) -> NDArray[np.float64]:
    """Angle of each core's longer axis in (-pi/2, pi/2]; the whole page's for stubby ones.

    The core of a lone "1" is taller than wide: only a core longer than its *line* is high tells
    the direction of its text, and the longer it is the better (``steady_length``).
    """
    if len(xx) == 0:
        return np.zeros(0)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    spread = np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    mean = (xx + yy) / 2
    # An evenly filled stretch of length L has variance L^2 / 12.
    length = np.sqrt(12 * (mean + spread))
    thickness = np.sqrt(12 * np.maximum(mean - spread, 0))
    own = (length >= config.elongation * thickness) & (length >= height)
    if not own.any():
        return np.zeros(len(xx))
    # The weighted median, so that a few stray lines cannot turn the stubby ones.
    order = np.argsort(angle[own], kind="stable")
    weight = np.cumsum(length[own][order])
    page = angle[own][order][np.searchsorted(weight, weight[-1] / 2)]
    share = np.clip((length / np.maximum(height, 1e-6) - 1) / (config.steady_length - 1), 0, 1)
    return np.asarray(np.where(own, page + share * (angle - page), page), np.float64)


def _quads(lines: _Lines) -> NDArray[np.float64]:
    """``n 4 2``, clockwise from the top-left."""
    grow = (line_length(lines.end - lines.start, lines.height) - (lines.end - lines.start)) / 2
    along = lines.direction
    across = np.stack([-along[:, 1], along[:, 0]], -1)
    left, right = (lines.start - grow)[:, None], (lines.end + grow)[:, None]
    top, bottom = lines.top[:, None], lines.bottom[:, None]
    corners = [
        lines.centre + left * along + top * across,
        lines.centre + right * along + top * across,
        lines.centre + right * along + bottom * across,
        lines.centre + left * along + bottom * across,
    ]
    return np.stack(corners, 1)
