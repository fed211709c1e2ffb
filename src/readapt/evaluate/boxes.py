"""Text detection: exact polygon overlap, one-to-one matching, precision, recall and H-mean.

The rules are those of the ICDAR robust reading competitions (Karatzas et al. 2015, "ICDAR 2015
Competition on Robust Reading", challenge 4): a found polygon and a true one match if their
intersection over union exceeds 0.5 and neither has a partner yet; a found polygon that lies by more
than half in a region marked *ignore* is neither a hit nor a miss. Where the competition's script
takes pairs in file order, pairs are taken here by falling overlap, so that the result does not
depend on the order; on truth whose regions do not overlap the two agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

THRESHOLD = 0.5
"""Intersection over union above which a found polygon is a hit."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Areas of two polygons and of what they share, in square pixels."""

    first: float
    second: float
    shared: float

    @property
    def iou(self) -> float:
        """Intersection over union, in [0, 1]; 0 where both polygons are empty."""
        union = self.first + self.second - self.shared
        return self.shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Detection:
    """Hits among true and found regions, regions to ignore left out. Pages add up."""

    hits: int = 0
    truth: int = 0
    found: int = 0

    def __add__(self, other: "Detection") -> "Detection":
        """Return the figures of both together: sums of counts, not means of rates."""
        return Detection(self.hits + other.hits, self.truth + other.truth, self.found + other.found)

    @property
    def precision(self) -> float:
        """Share of the found regions that are true ones; 1 where none was found."""
        return self.hits / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true regions that were found; 1 where there are none."""
        return self.hits / self.truth if self.truth else 1.0

    @property
    def hmean(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.truth + self.found
        return 2 * self.hits / both if both else 1.0


@dataclass(frozen=True, slots=True)
class Matching:
    """Which found polygon belongs to which true one, by index, and which ones do not count."""

    pairs: tuple[tuple[int, int], ...]
    """``(true, found)``, ascending; none of them ignored."""
    detection: Detection
    found_ignored: frozenset[int]
    """Found polygons that lie in a region to ignore."""


def overlap(first: ArrayLike, second: ArrayLike) -> Overlap:
    """Return the exact areas of two polygons and of their intersection.

    The polygons are ``corner 2`` in pixels, of any number of corners and either orientation; they
    may be concave and may cross themselves (a point is inside if its winding number is not zero).
    Fewer than three corners have no area. Raises ValueError for any other shape.

    All corners and crossings cut the plane into horizontal slabs in which no two edges cross, so
    what lies between two neighbouring edges is a trapezium: its width at mid-height times its
    height is its area, exactly.
    """
    edges = [_edges(polygon) for polygon in (first, second)]
    owner = np.repeat([0, 1], [len(e) for e in edges])
    x0, y0, x1, y1 = np.concatenate(edges).T
    if not len(x0):
        return Overlap(0.0, 0.0, 0.0)
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    levels = np.unique(np.concatenate([y0, y1, _crossings(x0, y0, x1, y1)]))
    middle = (levels[1:] + levels[:-1])[:, None] / 2
    active = (low < middle) & (middle < high)
    rightmost = max(x0.max(), x1.max())
    x = np.where(active, x0 + (middle - y0) * ((x1 - x0) / (y1 - y0)), rightmost)
    order = np.argsort(x, axis=1, kind="stable")
    winding = np.where(active, np.sign(y1 - y0), 0.0)
    widths = np.diff(np.take_along_axis(x, order, axis=1), axis=1)
    inside = [
        np.cumsum(np.take_along_axis(winding * (owner == side), order, axis=1), axis=1)[:, :-1] != 0
        for side in (0, 1)
    ]
    heights = np.diff(levels)

    def area(mask: NDArray[np.bool_]) -> float:
        return float(heights @ (widths * mask).sum(axis=1))

    return Overlap(area(inside[0]), area(inside[1]), area(inside[0] & inside[1]))


def match(
    truth: Sequence[ArrayLike],
    found: Sequence[ArrayLike],
    ignore: Sequence[bool] = (),
    threshold: float = THRESHOLD,
) -> Matching:
    """Pair found polygons with true ones, one to one, by falling intersection over union.

    ``ignore`` says which true polygons do not count; empty means that all do. Raises ValueError if
    it is neither empty nor as long as ``truth``.
    """
    skip = list(ignore) or [False] * len(truth)
    if len(skip) != len(truth):
        raise ValueError(f"{len(skip)} ignore flags for {len(truth)} true polygons")
    true_boxes, found_boxes = [_bounds(p) for p in truth], [_bounds(p) for p in found]
    candidates: list[tuple[float, int, int]] = []
    ignored: set[int] = set()
    for i, true_box in enumerate(true_boxes):
        for j, found_box in enumerate(found_boxes):
            if not _touch(true_box, found_box):
                continue
            areas = overlap(truth[i], found[j])
            if skip[i]:
                if areas.second > 0 and areas.shared / areas.second > 0.5:
                    ignored.add(j)
            elif areas.iou > threshold:
                candidates.append((-areas.iou, i, j))
    partner: dict[int, int] = {}
    taken: set[int] = set(ignored)
    for _, i, j in sorted(candidates):
        if i not in partner and j not in taken:
            partner[i] = j
            taken.add(j)
    counts = Detection(len(partner), skip.count(False), len(found) - len(ignored))
    return Matching(tuple(sorted(partner.items())), counts, frozenset(ignored))


def assign(truth: Sequence[ArrayLike], found: Sequence[ArrayLike]) -> list[int | None]:
    """Say for each found polygon which true one holds it: the one with most of its area.

    None if no true polygon holds more than half of it. Several found polygons may have the same
    home: a line that was found in pieces.
    """
    true_boxes = [_bounds(polygon) for polygon in truth]
    homes: list[int | None] = []
    for polygon in found:
        box = _bounds(polygon)
        best, home = 0.5, None
        for i, true_box in enumerate(true_boxes):
            if _touch(true_box, box):
                areas = overlap(truth[i], polygon)
                if areas.second > 0 and areas.shared / areas.second > best:
                    best, home = areas.shared / areas.second, i
        homes.append(home)
    return homes


def _edges(polygon: ArrayLike) -> NDArray[np.float64]:
    """Return ``edge 4`` of x0 y0 x1 y1, horizontal edges left out: they bound no slab."""
    corners = np.asarray(polygon, np.float64)
    if corners.size == 0:
        return np.empty((0, 4))
    if corners.ndim != 2 or corners.shape[1] != 2:
        raise ValueError(f"a polygon has shape (corners, 2), not {corners.shape}")
    edges = np.hstack([corners, np.roll(corners, -1, axis=0)])
    kept: NDArray[np.float64] = edges[edges[:, 1] != edges[:, 3]]
    return kept


def _crossings(
    x0: NDArray[np.float64],
    y0: NDArray[np.float64],
    x1: NDArray[np.float64],
    y1: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return y of every point in which two edges cross."""
    a, b = np.triu_indices(len(x0), k=1)
    near = (
        (np.minimum(x0[a], x1[a]) <= np.maximum(x0[b], x1[b]))
        & (np.minimum(x0[b], x1[b]) <= np.maximum(x0[a], x1[a]))
        & (np.minimum(y0[a], y1[a]) <= np.maximum(y0[b], y1[b]))
        & (np.minimum(y0[b], y1[b]) <= np.maximum(y0[a], y1[a]))
    )
    a, b = a[near], b[near]
    ax, ay, bx, by = x1[a] - x0[a], y1[a] - y0[a], x1[b] - x0[b], y1[b] - y0[b]
    cross = ax * by - ay * bx
    meet = cross != 0
    a, b, ax, ay, bx, by, cross = (v[meet] for v in (a, b, ax, ay, bx, by, cross))
    dx, dy = x0[b] - x0[a], y0[b] - y0[a]
    s = (dx * by - dy * bx) / cross
    t = (dx * ay - dy * ax) / cross
    on_both = (s > 0) & (s < 1) & (t > 0) & (t < 1)
    y: NDArray[np.float64] = y0[a][on_both] + s[on_both] * ay[on_both]
    return y


def _bounds(polygon: ArrayLike) -> NDArray[np.float64]:
    corners = np.asarray(polygon, np.float64)
    if corners.size == 0:
        return np.array([np.inf, np.inf, -np.inf, -np.inf])
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def _touch(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    return bool(
        first[0] < second[2]
        and second[0] < first[2]
        and first[1] < second[3]
        and second[1] < first[3]
    )
