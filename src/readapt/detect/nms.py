"""Suppression of overlapping detections: every rule, for axis-aligned boxes, rotated ones, quads.

All rules visit detections from the best score down and, at equal scores, in the order given; the
order of the input matters in no other way. Only pairs whose bounds overlap are ever compared
(:mod:`readapt.detect.near`), so that the time grows about linearly with detections that are spread
out; the best few drive away what they overlap before the rest is looked at (``_greedy``), so that
piles cost no more than boxes kept times boxes.

Areas of overlap are exact: convex clipping (Sutherland and Hodgman 1974, "Reentrant polygon
clipping") of all pairs at once. A quad that is not convex counts as its convex hull, one without
area overlaps nothing: it is neither suppressed nor suppresses.

Against OpenCV: ``cv2.dnn.NMSBoxes`` keeps the same boxes wherever scores differ;
``cv2.dnn.NMSBoxesRotated`` gives a rectangle inside another an overlap of 1, whatever their areas
(here it has the exact one; ``suppress_contained`` is the rule for such), and computes in float32,
so that it may differ where an overlap lies within about 1e-5 of the threshold. Both take scores as
float32, which may make equal what differs here, and have no rule for equal scores to rely on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from readapt.detect.block import wear_down_boxes
from readapt.detect.near import Floats, Indices, Near
from readapt.detect.pile import Overlap, wear_down

Decay: TypeAlias = Callable[[Floats], Floats]
"""Factor in [0, 1] for a score, from the overlap with a better detection in [0, 1]."""

_CLIP_AT_ONCE = 8192  # pairs: their corners stay in the cache
_BLOCK = 32  # detections that settle among themselves at first


# --- the rules -----------------------------------------------------------------------------------


def nms_boxes(boxes: ArrayLike, scores: ArrayLike, threshold: float) -> Indices:
    """Greedy suppression of axis-aligned boxes.

    Args:
        boxes: ``n 4``: ``x1 y1 x2 y2``, ``x1 <= x2``, ``y1 <= y2``.
        scores: ``n``.
        threshold: a box goes if its intersection over union with a better kept one exceeds this.

    Returns:
        Indices of the kept boxes, from the best score down.

    Raises:
        ValueError: for other shapes, values that are not finite, or boxes turned inside out.

    """
    corners = _boxes(boxes)
    order = _by_score(scores, len(corners))
    bounds = np.ascontiguousarray(corners.T)[:, order]
    kept = _greedy(bounds, _box_areas(bounds), _box_overlap(bounds), threshold, exact=True)
    return order[kept]


def nms_rotated(rectangles: ArrayLike, scores: ArrayLike, threshold: float) -> Indices:
    """Greedy suppression of rotated rectangles ``n 5``: see ``rotated_to_quads``, ``nms_quads``."""
    return nms_quads(rotated_to_quads(rectangles), scores, threshold)


def nms_quads(quads: ArrayLike, scores: ArrayLike, threshold: float) -> Indices:
    """Greedy suppression of quadrilaterals.

    Args:
        quads: ``n 4 2``: corners ``x y`` in order around the quad, either way.
        scores: ``n``.
        threshold: a quad goes if its intersection over union with a better kept one exceeds this.

    Returns:
        Indices of the kept quads, from the best score down.

    Raises:
        ValueError: for other shapes or values that are not finite.

    """
    corners = convex_quads(quads)
    order = _by_score(scores, len(corners))
    corners = corners[order]
    bounds = _bounds(corners)
    overlap = _quad_overlap(corners, bounds, threshold)
    return order[_greedy(bounds, quad_areas(corners), overlap, threshold, exact=False)]


def soft_nms_boxes(
    boxes: ArrayLike, scores: ArrayLike, decay: Decay, min_score: float = 1e-3
) -> tuple[Indices, Floats]:
    """Soft suppression of axis-aligned boxes: overlap lowers a score instead of ending it.

    Bodla et al. 2017, "Soft-NMS" (arXiv 1704.04503), algorithm 1. Scores are at least 0.

    Args:
        boxes: ``n 4``: ``x1 y1 x2 y2``.
        scores: ``n``, at least 0.
        decay: ``linear_decay(...)`` or ``gaussian_decay(...)``.
        min_score: boxes are dropped when their score falls below this.

    Returns:
        Indices of the boxes left, and their lowered scores, from the best down.

    """
    corners = _boxes(boxes)
    bounds = np.ascontiguousarray(corners.T)
    return _soft(bounds, _box_overlap(bounds), _scores(scores, len(corners)), decay, min_score)


def soft_nms_quads(
    quads: ArrayLike, scores: ArrayLike, decay: Decay, min_score: float = 1e-3
) -> tuple[Indices, Floats]:
    """``soft_nms_boxes`` for quads ``n 4 2``."""
    corners = convex_quads(quads)
    bounds = _bounds(corners)
    overlap = _quad_overlap(corners, bounds, 0.0)
    return _soft(bounds, overlap, _scores(scores, len(corners)), decay, min_score)


def linear_decay(threshold: float) -> Decay:
    """``1 - overlap`` above the threshold, else 1 (equation 2 of Soft-NMS)."""

    def decay(overlap: Floats) -> Floats:
        return np.where(overlap > threshold, 1.0 - overlap, 1.0)

    return decay


def gaussian_decay(sigma: float = 0.5) -> Decay:
    """``exp(-overlap^2 / sigma)`` (equation 3 of Soft-NMS)."""
    if sigma <= 0:
        raise ValueError(f"sigma must be positive, not {sigma}")

    def decay(overlap: Floats) -> Floats:
        return np.asarray(np.exp(-(overlap**2) / sigma), np.float64)

    return decay


def merge_quads(quads: ArrayLike, scores: ArrayLike, threshold: float) -> tuple[Floats, Floats]:
    """Locality-aware merging: neighbours that overlap become their mean weighted by score.

    Zhou et al. 2017, "EAST" (arXiv 1704.03155), section 3.4, algorithm 1: quads are gone through
    row by row, each is merged into the last one while they overlap enough, and what is left goes
    through greedy suppression. Corners must correspond: all quads clockwise from the top-left.

    Args:
        quads: ``n 4 2``.
        scores: ``n``, at least 0.
        threshold: intersection over union above which two quads are one.

    Returns:
        Merged quads ``m 4 2`` and the *sums* of the scores that went into each, from the greatest
        down. The sum weighs evidence; it may exceed 1.

    """
    corners = _quads(quads)
    weights = _scores(scores, len(corners))
    # By row and column, then by everything else: no trace of the input's order is left.
    centre = corners.mean(1)
    keys = [weights, *corners.reshape(-1, 8).T, centre[:, 0], centre[:, 1]]
    order = np.lexsort(keys)
    merged: list[Floats] = []
    sums: list[float] = []
    for quad, weight in zip(corners[order], weights[order].tolist(), strict=True):
        if merged and _iou_of_two(merged[-1], quad) > threshold:
            total = sums[-1] + weight
            share = weight / total if total > 0 else 0.5
            merged[-1] = merged[-1] * (1 - share) + quad * share
            sums[-1] = total
        else:
            merged.append(quad)
            sums.append(weight)
    together, totals = np.array(merged).reshape(-1, 4, 2), np.array(sums, np.float64)
    kept = nms_quads(together, totals, threshold)
    return together[kept], totals[kept]


def suppress_contained(quads: ArrayLike, scores: ArrayLike, share: float = 0.9) -> Indices:
    """Drop quads that lie inside larger ones.

    From the largest down, a quad goes if at least ``share`` of its area lies in one that is kept;
    of equal areas the better score comes first.

    Args:
        quads: ``n 4 2``: corners in order around the quad, either way.
        scores: ``n``; they order the answer and settle equal areas.
        share: of the smaller quad's area, in (0, 1].

    Returns:
        Indices of the kept quads, from the best score down.

    """
    if not 0 < share <= 1:
        raise ValueError(f"the share must lie in (0, 1], not {share}")
    corners = convex_quads(quads)
    values = _scores(scores, len(corners))
    area = quad_areas(corners)
    order = np.lexsort((-values, -area))
    corners, area = corners[order], area[order]

    def share_inside(i: Indices, j: Indices) -> Floats:
        solid = area[j] > 0
        inside = np.zeros(len(i))
        i, j = i[solid], j[solid]
        inside[solid] = quad_intersections(corners[i], corners[j]) / area[j]
        return inside

    near, everyone = Near(_bounds(corners), area, 0.0), np.arange(len(corners))
    # A billionth less: rounding is not to decide what lies inside.
    kept = order[_settle(near, everyone, share_inside, share * (1 - 1e-9))]
    return kept[np.lexsort((kept, -values[kept]))]


# --- geometry ------------------------------------------------------------------------------------


def rotated_to_quads(rectangles: ArrayLike) -> Floats:
    """Corners ``n 4 2`` of rectangles ``n 5``: centre ``x y``, width, height, degrees.

    Degrees turn clockwise on the screen (y points down), as in OpenCV; the first corner is the
    unturned rectangle's top-left, the others follow clockwise.
    """
    r = np.asarray(rectangles, np.float64)
    if r.size == 0:
        return np.zeros((0, 4, 2))
    if r.ndim != 2 or r.shape[1] != 5 or not np.isfinite(r).all():
        raise ValueError(f"rectangles must be n 5 and finite; they are of shape {r.shape}")
    angle = np.deg2rad(r[:, 4])
    along = np.stack([np.cos(angle), np.sin(angle)], -1) * (r[:, 2:3] / 2)
    across = np.stack([-np.sin(angle), np.cos(angle)], -1) * (r[:, 3:4] / 2)
    centre = r[:, :2]
    return np.stack(
        [centre - along - across, centre + along - across, centre + along + across,
         centre - along + across], 1
    )  # fmt: skip


def quad_areas(quads: Floats) -> Floats:
    """Areas of convex quads ``n 4 2``, at least 0."""
    d1, d2 = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    return np.abs(d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]) / 2


def convex_quads(quads: ArrayLike) -> Floats:
    """Quads ``n 4 2`` made convex and clockwise on the screen; a hull of three repeats a corner.

    Raises:
        ValueError: for other shapes or values that are not finite.

    """
    corners = _quads(quads).copy()
    if len(corners) == 0:
        return corners
    turns = _turns(corners)
    turned = (turns <= 0).all(1)
    corners[turned] = corners[turned, ::-1]
    odd = ~turned & ~(turns >= 0).all(1)
    for i in np.flatnonzero(odd):
        corners[i] = _hull_of_four(corners[i])
    return corners


def quad_intersections(first: Floats, second: Floats) -> Floats:
    """Areas shared by pairs of convex quads, exact up to rounding.

    Args:
        first: ``n 4 2``, convex and clockwise on the screen: as ``convex_quads`` returns.
        second: the same.

    Returns:
        ``n`` areas, at least 0.

    """
    areas = np.empty(len(first))
    for start in range(0, len(first), _CLIP_AT_ONCE):
        part = slice(start, start + _CLIP_AT_ONCE)
        areas[part] = _clip_areas(first[part], second[part])
    return areas


def _clip_areas(subject: Floats, window: Floats) -> Floats:
    """Sutherland-Hodgman on all pairs: clip by one side of the window after the other."""
    n = len(subject)
    # Coordinates from a corner of the window keep their digits on large pages.
    origin = window[:, :1]
    px, py = np.moveaxis(subject - origin, -1, 0)
    wx, wy = np.moveaxis(window - origin, -1, 0)
    rows = np.arange(n)[:, None]
    count = np.full(n, 4)
    for side in range(4):
        ax, ay = wx[:, side, None], wy[:, side, None]
        ex, ey = wx[:, side - 3, None] - ax, wy[:, side - 3, None] - ay
        size = px.shape[1]
        # Corner k + 1 follows corner k; the last one of each polygon is followed by its first.
        after = np.arange(1, size + 1)[None, :]
        after = np.where(after < count[:, None], after, 0)
        there = np.arange(size)[None, :] < count[:, None]
        distance = ex * (py - ay) - ey * (px - ax)
        qx, qy, next_distance = px[rows, after], py[rows, after], distance[rows, after]
        inside, next_inside = distance >= 0, next_distance >= 0
        crosses = (inside != next_inside) & there
        gap = np.where(crosses, distance - next_distance, 1.0)
        t = distance / gap
        # Each corner gives itself, if inside, and then where its side crosses, if it does.
        emit = np.stack([inside & there, crosses], -1).reshape(n, 2 * size)
        x = np.stack([px, px + t * (qx - px)], -1).reshape(n, 2 * size)
        y = np.stack([py, py + t * (qy - py)], -1).reshape(n, 2 * size)
        place = np.cumsum(emit, 1) - 1
        count = place[:, -1] + 1
        who, what = np.nonzero(emit)
        to = place[who, what]
        width = max(int(count.max(initial=0)), 1)
        px, py = np.zeros((n, width)), np.zeros((n, width))
        px[who, to], py[who, to] = x[who, what], y[who, what]
    after = np.arange(1, px.shape[1] + 1)[None, :]
    after = np.where(after < count[:, None], after, 0)
    there = np.arange(px.shape[1])[None, :] < count[:, None]
    cross = px * py[rows, after] - py * px[rows, after]
    areas: Floats = np.where(there, cross, 0.0).sum(1) / 2
    # A window that is a point has no sides to clip by.
    return np.clip(areas, 0.0, np.minimum(quad_areas(subject), quad_areas(window)))


def _turns(corners: Floats) -> Floats:
    """``n 4``: cross product of the sides that meet at each corner; positive is clockwise."""
    sides = np.roll(corners, -1, 1) - corners
    nexts = np.roll(sides, -1, 1)
    return np.asarray(sides[..., 0] * nexts[..., 1] - sides[..., 1] * nexts[..., 0], np.float64)


def _hull_of_four(corners: Floats) -> Floats:
    """Convex hull by Andrew's monotone chain, clockwise on the screen, filled up to four."""
    points = sorted(map(tuple, corners.tolist()))

    def chain(ordered: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        hull: list[tuple[float, ...]] = []
        for p in ordered:
            while (
                len(hull) > 1
                and (
                    (hull[-1][0] - hull[-2][0]) * (p[1] - hull[-2][1])
                    - (hull[-1][1] - hull[-2][1]) * (p[0] - hull[-2][0])
                )
                <= 0
            ):
                hull.pop()
            hull.append(p)
        return hull

    hull = chain(points)[:-1] + chain(points[::-1])[:-1]
    return np.array((hull + [hull[-1]] * 4)[:4])


def _bounds(corners: Floats) -> Floats:
    """``4 n``: smallest x and y, largest x and y."""
    return np.concatenate([corners.min(1), corners.max(1)], 1).T.copy()


def _iou_of_two(a: Floats, b: Floats) -> float:
    if (a.max(0) <= b.min(0)).any() or (b.max(0) <= a.min(0)).any():
        return 0.0
    both = convex_quads(np.stack([a, b]))
    shared = float(_clip_areas(both[:1], both[1:])[0])
    union = float(quad_areas(both).sum()) - shared
    return shared / union if union > 0 else 0.0


# --- checks --------------------------------------------------------------------------------------


def _boxes(boxes: ArrayLike) -> Floats:
    b = np.asarray(boxes, np.float64)
    if b.size == 0:
        return np.zeros((0, 4))
    if b.ndim != 2 or b.shape[1] != 4:
        raise ValueError(f"boxes must be n 4; they are of shape {b.shape}")
    if not np.isfinite(b).all() or (b[:, :2] > b[:, 2:]).any():
        raise ValueError("boxes must be finite, with x1 <= x2 and y1 <= y2")
    return b


def _quads(quads: ArrayLike) -> Floats:
    q = np.asarray(quads, np.float64)
    if q.size == 0:
        return np.zeros((0, 4, 2))
    if q.ndim != 3 or q.shape[1:] != (4, 2) or not np.isfinite(q).all():
        raise ValueError(f"quads must be n 4 2 and finite; they are of shape {q.shape}")
    return q


def _scores(scores: ArrayLike, n: int) -> Floats:
    s = np.asarray(scores, np.float64)
    if s.shape != (n,) or not np.isfinite(s).all():
        raise ValueError(f"there must be {n} finite scores; they are of shape {s.shape}")
    return s


def _by_score(scores: ArrayLike, n: int) -> Indices:
    falling = -_scores(scores, n)
    order = np.argsort(falling)  # faster than a stable sort, and the same where no two are equal
    ties = bool((np.diff(falling[order]) == 0).any())
    return np.argsort(falling, kind="stable") if ties else order


# --- the machinery -------------------------------------------------------------------------------


def _box_areas(bounds: Floats) -> Floats:
    x1, y1, x2, y2 = bounds
    areas: Floats = (x2 - x1) * (y2 - y1)
    return areas


def _box_overlap(bounds: Floats) -> Overlap:
    x1, y1, x2, y2 = bounds
    area = _box_areas(bounds)

    def overlap(i: Indices, j: Indices) -> Floats:
        w = np.minimum(x2[i], x2[j]) - np.maximum(x1[i], x1[j])
        h = np.minimum(y2[i], y2[j]) - np.maximum(y1[i], y1[j])
        shared = np.maximum(w, 0) * np.maximum(h, 0)
        union = area[i] + area[j] - shared
        return _ratio(shared, union)

    return overlap


def _ratio(part: Floats, whole: Floats) -> Floats:
    """``part / whole``, 0 where the whole is nothing."""
    ratio: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return ratio


def _quad_overlap(corners: Floats, bounds: Floats, threshold: float) -> Overlap:
    """Exact where it may exceed the threshold; where it cannot, an upper bound of it."""
    area = quad_areas(corners)
    x1, y1, x2, y2 = bounds

    def overlap(i: Indices, j: Indices) -> Floats:
        i, j = np.broadcast_arrays(i, j)
        w = np.minimum(x2[i], x2[j]) - np.maximum(x1[i], x1[j])
        h = np.minimum(y2[i], y2[j]) - np.maximum(y1[i], y1[j])
        most = np.minimum(np.maximum(w, 0) * np.maximum(h, 0), np.minimum(area[i], area[j]))
        both = area[i] + area[j]
        result = _ratio(most, both - most)
        open_ = np.flatnonzero(result > threshold)
        shared = quad_intersections(corners[i[open_]], corners[j[open_]])
        union = both[open_] - shared
        result[open_] = _ratio(shared, union)
        return result

    return overlap


def _greedy(
    bounds: Floats, areas: Floats, overlap: Overlap, threshold: float, *, exact: bool
) -> Indices:
    """Positions kept of detections that stand from the best score down, ascending.

    The best few settle among themselves who is kept, and those drive away what they overlap of
    all others; then the best of what is left, twice as many each time. So most go before they are
    compared with each other. Piles are worn down by themselves. ``exact`` says that the bounds
    are the detections.
    """
    near, left = Near(bounds, areas, threshold), np.arange(bounds.shape[1])
    kept, size = [left[:0]], _BLOCK
    while len(left):
        if near.crowded(left):
            if exact:
                best, left = wear_down_boxes(bounds, areas, left, threshold, near.crowded)
            else:
                best, left = wear_down(bounds, areas, left, overlap, threshold, near.crowded)
            near.only(left)
        else:
            best, left = left[:size], left[size:]
            best = best[_settle(near, best, overlap, threshold)]
            gone = np.zeros(bounds.shape[1], bool)
            for i, j in near.pairs(best, left):
                gone[j[overlap(i, j) > threshold]] = True
            left = left[~gone[left]]
        kept.append(best)
        size *= 2
    return np.concatenate(kept)


def _settle(near: Near, best: Indices, overlap: Overlap, threshold: float) -> Indices:
    """Places in ``best``, ascending, of those that are kept among themselves."""
    hits = [_over(i, j, overlap, threshold) for i, j in near.pairs(best, best)]
    first = np.concatenate([best[:0], *(i for i, _ in hits)])
    second = np.concatenate([best[:0], *(j for _, j in hits)])
    return _resolve(len(best), np.searchsorted(best, first), np.searchsorted(best, second))


def _over(i: Indices, j: Indices, overlap: Overlap, threshold: float) -> tuple[Indices, Indices]:
    hit = overlap(i, j) > threshold
    return i[hit], j[hit]


def _resolve(n: int, first: Indices, second: Indices) -> Indices:
    """Who is kept of ``0 .. n - 1`` if each one kept removes its partners: ``first < second``."""
    order = np.argsort(first, kind="stable")
    first, second = first[order], second[order]
    who, start = np.unique(first, return_index=True)
    stops = np.append(start[1:], len(first)) if len(who) else start
    alive = np.ones(n, bool)
    for i, a, b in zip(who.tolist(), start.tolist(), stops.tolist(), strict=True):
        if alive[i]:
            alive[second[a:b]] = False
    return np.flatnonzero(alive)


def _soft(
    bounds: Floats, overlap: Overlap, scores: Floats, decay: Decay, min_score: float
) -> tuple[Indices, Floats]:
    left = np.arange(len(scores))
    current = scores.copy()
    kept: list[int] = []
    while len(left):
        left = left[current[left] >= min_score]
        if not len(left):
            break
        at = int(np.argmax(current[left]))  # the first of equal ones
        best = left[at]
        kept.append(int(best))
        left = np.delete(left, at)
        x1, y1, x2, y2 = bounds[:, left]
        bx1, by1, bx2, by2 = bounds[:, best]
        near = left[(x1 < bx2) & (x2 > bx1) & (y1 < by2) & (y2 > by1)]
        current[near] *= decay(overlap(np.broadcast_to(best, near.shape), near))
    indices = np.array(kept, np.intp)
    return indices, current[indices]
