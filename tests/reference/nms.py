"""Suppression written down as its definition, pair by pair, with shapely's areas."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPoint, Polygon


def solid(quad: NDArray[np.float64]) -> Polygon:
    """The quad as a polygon; its hull where it is not a simple convex one."""
    hull = MultiPoint([tuple(p) for p in quad]).convex_hull
    return hull if hull.geom_type == "Polygon" else Polygon()


def iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Intersection over union of two quads ``4 2``."""
    p, q = solid(a), solid(b)
    shared = p.intersection(q).area
    union = p.area + q.area - shared
    return shared / union if union > 0 else 0.0


def box_iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes ``x1 y1 x2 y2``."""
    w = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h
    return w * h / union if union > 0 else 0.0


def greedy(n: int, scores: Sequence[float], overlap: Callable[[int, int], float], t: float):
    """Indices kept, from the best score down, the first of equal ones first."""
    order = sorted(range(n), key=lambda i: -scores[i])
    kept: list[int] = []
    for i in order:
        if all(overlap(i, j) <= t for j in kept):
            kept.append(i)
    return kept


def soft(
    scores: Sequence[float],
    overlap: Callable[[int, int], float],
    decay: Callable[[float], float],
    min_score: float,
) -> tuple[list[int], list[float]]:
    """Algorithm 1 of Soft-NMS."""
    current = list(scores)
    left = [i for i in range(len(current)) if current[i] >= min_score]
    kept: list[int] = []
    while left:
        best = max(left, key=lambda i: (current[i], -i))
        kept.append(best)
        left.remove(best)
        for i in left:
            current[i] *= decay(overlap(best, i))
        left = [i for i in left if current[i] >= min_score]
    return kept, [current[i] for i in kept]


def gaussian(sigma: float) -> Callable[[float], float]:
    return lambda o: math.exp(-o * o / sigma)


def linear(threshold: float) -> Callable[[float], float]:
    return lambda o: 1 - o if o > threshold else 1.0


def contained(quads: Sequence[NDArray[np.float64]], scores: Sequence[float], share: float):
    """Indices kept when every quad inside a larger kept one goes, from the best score down."""
    areas = [solid(q).area for q in quads]
    order = sorted(range(len(quads)), key=lambda i: (-areas[i], -scores[i], i))
    kept: list[int] = []
    for i in order:
        if areas[i] > 0 and any(
            solid(quads[i]).intersection(solid(quads[j])).area >= share * (1 - 1e-9) * areas[i]
            for j in kept
        ):
            continue
        kept.append(i)
    return sorted(kept, key=lambda i: (-scores[i], i))
